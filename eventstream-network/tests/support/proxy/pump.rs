use std::{future::pending, io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{ReadHalf, WriteHalf},
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use super::{Line, connection::Fate};

/// Taken at a time.
const PIECE: usize = 8 << 10;

/// So many pieces are on their way at most: 512 KiB.
const UNDER_WAY: usize = 64;

struct Piece {
    bytes: Vec<u8>,
    due: Instant,
    /// The connection ends with it.
    is_last: bool,
}

/// Forwards one direction to its end. An error ends the whole connection.
pub(super) async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    line: &Line,
    mut random: fastrand::Rng,
    mut fate: watch::Receiver<Fate>,
) -> io::Result<()> {
    let (sender, mut pieces) = mpsc::channel(UNDER_WAY);
    let reading = async move {
        let mut left = line.torn_after.clone().map(|range| random.u64(range));
        let mut due = Instant::now();
        loop {
            let mut bytes = vec![0; PIECE];
            let len = from.read(&mut bytes).await?;
            bytes.truncate(len);
            if let Some(left) = &mut left {
                bytes.truncate(usize::try_from(*left).unwrap_or(len));
                *left -= bytes.len() as u64;
            }
            // Nothing overtakes what came before it.
            due = due.max(Instant::now() + line.delay + line.jitter.mul_f64(random.f64()));
            let is_last = left == Some(0);
            if len == 0 || sender.send(Piece { bytes, due, is_last }).await.is_err() || is_last {
                return Ok(());
            }
        }
    };
    let writing = async move {
        while let Some(Piece { bytes, due, is_last }) = pieces.recv().await {
            sleep_until(due).await;
            if let Some(rate) = line.bytes_per_second {
                sleep(Duration::from_secs(1) * u32::try_from(bytes.len()).unwrap_or(0) / rate)
                    .await;
            }
            if passes(&mut fate).await {
                to.write_all(&bytes).await?;
            }
            if is_last {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
        if !passes(&mut fate).await {
            // The other side does not hear of the end either.
            pending::<()>().await;
        }
        to.shutdown().await
    };
    tokio::try_join!(reading, writing).map(drop)
}

/// Waits while everything is held; whether it then passes.
async fn passes(fate: &mut watch::Receiver<Fate>) -> bool {
    fate.wait_for(|fate| *fate != Fate::Hold).await.is_ok_and(|fate| *fate != Fate::Swallow)
}
