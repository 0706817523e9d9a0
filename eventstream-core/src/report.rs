use std::{error::Error, fmt};

/// An error with all its causes, in one line.
///
/// The text of an error here never repeats what its [`source`](Error::source) says. This is for those
/// who want to read all of it.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Error, Report};
///
/// let error = Error::backend("reading", true, "connection reset");
/// assert_eq!(error.to_string(), "reading failed");
/// assert_eq!(Report(&error).to_string(), "reading failed: connection reset");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
