//! Bearer tokens, and what they are good for.

mod bearer;
mod digest;
mod grant;
mod invalid_token_line;
mod parsed;
mod token_file;

pub use invalid_token_line::InvalidTokenLine;
pub use parsed::Tokens;
pub use token_file::TokenFile;
