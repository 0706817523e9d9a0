use std::{fmt, str::FromStr};

use subtle::ConstantTimeEq;

use super::{InvalidTokenLine, bearer::bearer_of, digest::TokenDigest, grant::Grant};
use crate::server::{Access, Authorizer, Denied};

/// Bearer tokens, and what they are good for.
///
/// # Contract
///
/// A line has a token, what it is good for (`read`, `append` and `truncate`, with commas), and the keys
/// of the applications that this holds for, or `*` for all; white space is between them. A line that
/// begins with `#` is a comment, and so is the end of one from a field on that does. What several lines
/// say of the same token adds up.
///
/// Instead of a token its SHA-256 can be written: `sha256:` and 64 hexadecimal digits. That is good for
/// tokens of random bytes; one that can be guessed can be found from it.
///
/// Who lists the applications has to have a token that is good for reading all.
///
/// Of a call that has no token, more than one, or one that is not known, nothing is known:
/// [`Denied::Unknown`]. A token that is not good for what is asked for is answered with
/// [`Denied::Forbidden`], whether there is such an application or not. How long it takes to compare a
/// token does not depend on what is in it.
///
/// # Examples
///
/// ```
/// use eventstream_network::{NetworkServer, Tokens};
///
/// let tokens: Tokens = "
///     ## The warehouse reads what the shop does.
///     q7Zk2xPvN4mB8sTd read         shop
///     Yc3hW9gRfJ6uLe5A read,append  shop billing
///     sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 read *
/// "
/// .parse()?;
/// let server = NetworkServer::builder().authorizer(tokens);
///
/// let error = "\nq7Zk2xPvN4mB8sTd write shop".parse::<Tokens>().unwrap_err();
/// assert_eq!(error.line, 2);
/// # Ok::<_, eventstream_network::InvalidTokenLine>(())
/// ```
pub struct Tokens(Vec<Grant>);

impl FromStr for Tokens {
    type Err = InvalidTokenLine;

    fn from_str(text: &str) -> Result<Self, InvalidTokenLine> {
        let mut grants = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let parsed = Grant::parse(line);
            grants.extend(parsed.map_err(|problem| InvalidTokenLine { line: index + 1, problem })?);
        }
        Ok(Self(grants))
    }
}

impl Tokens {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the token of a call is known, and one of its lines allows something.
    fn check(&self, access: &Access<'_>, allows: impl Fn(&Grant) -> bool) -> Result<(), Denied> {
        let token = TokenDigest::of(bearer_of(access)?);
        // All are compared, whether one was found or not.
        let mut found = Vec::with_capacity(1);
        for grant in &self.0 {
            if bool::from(grant.token.ct_eq(&token)) {
                found.push(grant);
            }
        }
        if found.is_empty() {
            return Err(Denied::Unknown);
        }
        if found.into_iter().any(allows) { Ok(()) } else { Err(Denied::Forbidden) }
    }
}

impl Authorizer for Tokens {
    fn authorize(&self, access: &Access<'_>) -> Result<(), Denied> {
        self.check(access, |grant| grant.allows(access.action(), access.application_key()))
    }

    fn admit(&self, access: &Access<'_>) -> Result<(), Denied> {
        self.check(access, |grant| grant.may(access.action()))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("lines", &self.0.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_secret() {
        const SECRET: &str = "q7Zk2xPvN4mB8sTd";
        for line in [
            SECRET.to_owned(),
            format!("{SECRET} read"),
            format!("{SECRET} read # shop"),
            format!("{SECRET} write shop"),
            format!("{SECRET} read, shop"),
            format!("{SECRET} READ shop"),
            format!("{SECRET} read shop *"),
            format!("read {SECRET} shop"),
            format!("{SECRET}\u{e9} read shop"),
            "tooshort read shop".to_owned(),
            "sha256:9f86 read shop".to_owned(),
            format!("sha256:{} read shop", "g".repeat(64)),
        ] {
            let error = format!("# a comment\n\n{line}\n").parse::<Tokens>().unwrap_err();
            assert_eq!(error.line, 3, "{line}");
            assert!(!error.to_string().contains(SECRET), "{error}");
        }
    }
}
