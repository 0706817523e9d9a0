/// What is repeated of a text, or said of it, at most, in bytes: a client may have sent a long one.
pub(crate) const MAX_TEXT: usize = 1 << 10;

/// The beginning of a text, if it is too long.
pub(crate) fn shortened(text: &str) -> &str {
    let end = (0..=text.len().min(MAX_TEXT)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_texts_are_cut_and_no_character_is() {
        assert_eq!(shortened("text"), "text");
        let long = format!("x{}", "ü".repeat(MAX_TEXT));
        assert_eq!(shortened(&long).len(), MAX_TEXT - 1);
    }
}
