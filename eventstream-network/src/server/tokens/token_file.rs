use std::{fmt, path::Path};

use super::{InvalidTokenLine, Tokens};
use crate::{
    files::{FileError, Loaded, Watched},
    server::{Access, Authorizer, Denied},
};

/// A file of [`Tokens`], which is read again when it changes.
///
/// # Contract
///
/// It is looked at when a call comes, once a second at most. If it has become invalid, is gone, or has
/// no token any more (as a file that is about to be written), the tokens that it had stay good, and the
/// error is logged. To take all tokens back, leave one that nobody has.
///
/// # Examples
///
/// ```
/// use eventstream_network::{NetworkServer, TokenFile};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("tokens");
/// std::fs::write(&path, "q7Zk2xPvN4mB8sTd read shop\n")?;
/// let server = NetworkServer::builder().authorizer(TokenFile::open(&path)?);
/// # Ok(())
/// # }
/// ```
pub struct TokenFile(Watched<Tokens>);

impl TokenFile {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`FileError`] if it can't be read, if a line is wrong, or if there is no token in it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let made = Watched::new(vec![path.as_ref().to_owned()], |loaded| parse(&loaded[0]));
        made.map(Self)
    }
}

fn parse(file: &Loaded<'_>) -> Result<Tokens, FileError> {
    let text = std::str::from_utf8(&file.bytes).map_err(|_| file.invalid("it has to be UTF-8"))?;
    let tokens: Tokens = text.parse().map_err(|InvalidTokenLine { line, problem }| {
        FileError::Line { path: file.path.to_owned(), line, problem }
    })?;
    if tokens.is_empty() {
        return Err(file.invalid("there is no token in it"));
    }
    Ok(tokens)
}

impl Authorizer for TokenFile {
    fn authorize(&self, access: &Access<'_>) -> Result<(), Denied> {
        self.0.get().authorize(access)
    }

    fn admit(&self, access: &Access<'_>) -> Result<(), Denied> {
        self.0.get().admit(access)
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenFile").field(&self.0.get()).finish()
    }
}
