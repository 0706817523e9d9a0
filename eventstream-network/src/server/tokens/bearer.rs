use crate::server::{Access, Denied};

/// The token of a call. With more than one header it is not known which of them is meant, and somebody
/// on the way may have thought of the other one.
pub(super) fn bearer_of<'a>(access: &Access<'a>) -> Result<&'a [u8], Denied> {
    let mut headers = access.header("authorization");
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(Denied::Unknown);
    };
    let (scheme, rest) = header.split_at_checked("bearer ".len()).ok_or(Denied::Unknown)?;
    let token = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty() {
        Ok(token)
    } else {
        Err(Denied::Unknown)
    }
}
