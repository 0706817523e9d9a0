use super::varint;

/// What comes is no message in protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no message of this protocol")]
pub(crate) struct Malformed;

/// The value of a field, as far as the protocols have such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of another kind, and so of no field that there is.
    Other,
}

/// The fields of a message, in their order.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The number and the value of the next field; `None` behind the last one.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = varint::take(&mut self.0).ok_or(Malformed)?;
        let number = tag >> 3;
        // Field numbers have 29 bits.
        if number == 0 || number >= 1 << 29 {
            return Err(Malformed);
        }
        let value = match tag & 7 {
            0 => Value::Number(varint::take(&mut self.0).ok_or(Malformed)?),
            1 => self.skip(8)?,
            2 => {
                let len = varint::take(&mut self.0).ok_or(Malformed)?;
                let len = usize::try_from(len).map_err(|_| Malformed)?;
                let (value, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
                self.0 = rest;
                Value::Bytes(value)
            }
            5 => self.skip(4)?,
            _ => return Err(Malformed),
        };
        Ok(Some((number, value)))
    }

    fn skip(&mut self, count: usize) -> Result<Value<'a>, Malformed> {
        self.0 = self.0.get(count..).ok_or(Malformed)?;
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(u64, Value<'_>)>, Malformed> {
        let mut fields = Fields::of(bytes);
        let mut found = Vec::new();
        while let Some(field) = fields.next()? {
            found.push(field);
        }
        Ok(found)
    }

    #[test]
    fn each_kind_is_read() {
        let fields =
            read(b"\x08\x96\x01\x12\x02ab\x1d\x01\x02\x03\x04\x21\x01\x02\x03\x04\x05\x06\x07\x08");
        let expected = vec![
            (1, Value::Number(150)),
            (2, Value::Bytes(b"ab")),
            (3, Value::Other),
            (4, Value::Other),
        ];
        assert_eq!(fields, Ok(expected));
    }

    #[test]
    fn garbage_is_refused() {
        for bytes in [
            &b"\x08"[..],
            b"\x00\x01",
            b"\x12\x03ab",
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x0b",
            b"\x0c",
            b"\x0e",
            b"\x1d\x01",
            b"\x21\x01",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(read(bytes), Err(Malformed), "{bytes:?}");
        }
    }
}
