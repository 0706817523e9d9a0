use super::Access;

/// Decides who may do what.
///
/// It is asked for each call, before anything is looked up: who may not read an application is not told
/// whether there is one. As long as events are consumed, loaded or waited for, it is asked again every
/// five seconds: what was permitted can be taken back. Before a request is read it is also asked
/// whether that is worth while. Health and reflection are for everybody.
///
/// # Examples
///
/// ```
/// use eventstream_network::{Access, Action, Authorizer, Denied};
///
/// struct ReadOnly;
///
/// impl Authorizer for ReadOnly {
///     fn authorize(&self, access: &Access<'_>) -> Result<(), Denied> {
///         match access.action() {
///             Action::List | Action::Read => Ok(()),
///             _ => Err(Denied::Forbidden),
///         }
///     }
/// }
/// ```
pub trait Authorizer: Send + Sync + 'static {
    /// Whether somebody may do something. It must not block.
    ///
    /// # Errors
    ///
    /// [`Denied`] if they may not.
    fn authorize(&self, access: &Access<'_>) -> Result<(), Denied>;

    /// Whether somebody may do something with any application at all. It is asked before a request is
    /// read, which may be large and take its time, so that who may not do anything takes no room from
    /// others; with which application is not known then. As provided, everybody may: what counts is
    /// [`authorize`](Self::authorize), which is asked besides. It must not block.
    ///
    /// # Errors
    ///
    /// [`Denied`] if [`authorize`](Self::authorize) would deny it, whichever the application.
    fn admit(&self, access: &Access<'_>) -> Result<(), Denied> {
        let _ = access;
        Ok(())
    }
}

/// Why somebody may not do something. The caller is told no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// It is not known who they are: `UNAUTHENTICATED`.
    #[error("the call has no valid credentials")]
    Unknown,
    /// It is known, but they may not: `PERMISSION_DENIED`.
    #[error("the caller may not do this")]
    Forbidden,
}
