//! Waits for file descriptors where none is left: that is no function's fault, and passes.

use std::io;
use std::time::Duration;

/// How long until it is tried again.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// Tries until it is not for want of a file descriptor that it fails.
pub(crate) async fn until_descriptors_are_there<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if is_exhausted(&error) => tokio::time::sleep(PAUSE).await,
            other => return other,
        }
    }
}

/// Whether an error says that the process or the system has no file descriptor left.
pub(crate) fn is_exhausted(error: &io::Error) -> bool {
    let exhausted = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(rustix::io::Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| exhausted.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_lack_of_descriptors_is_waited_out() {
        let mut attempts = 0;
        let done = until_descriptors_are_there(|| {
            attempts += 1;
            if attempts < 3 { Err(rustix::io::Errno::MFILE.into()) } else { Ok(attempts) }
        });
        assert_eq!(done.await.unwrap(), 3);
        let refused = until_descriptors_are_there(|| Err::<(), _>(io::ErrorKind::NotFound.into())).await;
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
