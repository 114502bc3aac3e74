//! Keeps us from what InvoiCy calls misuse (179): who makes the same request four times is blocked for up to an hour.
//!
//! The one place that knows of it. Two requests are the same if every byte of them is: the same documents under the same
//! keys. What is not known is how long InvoiCy remembers and whether another request in between lets it forget, so the strict
//! reading is kept: three within an hour, whatever came between. The fourth is refused here, not there, where it would block
//! everything else of the company too. (A reply of the service that never came counts: it may have heard the question.)

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::contract::{Code, ErrorEntry};

/// How often the same request is made within [`WINDOW`].
pub const MOST: usize = 3;

/// As long as the service blocks at most.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// A request, by its hash.
pub type Fingerprint = [u8; 16];

/// When each request was made.
#[derive(Default)]
pub struct Pace(Mutex<HashMap<Fingerprint, VecDeque<Instant>>>);

impl Pace {
    /// Takes a turn for this request. 7006 if there is none: then it must not be made.
    pub fn take(&self, request: &Fingerprint) -> Result<(), ErrorEntry> {
        self.take_at(request, Instant::now()).map_err(|wait| {
            let minutes = wait.as_secs().div_ceil(60);
            ErrorEntry::new(Code::InvoicyRepeated)
                .msg(Code::InvoicyRepeated.msg_advising(&format!("Repita este pedido daqui a {minutes} min.")))
                .detail(format!("not sent: made {MOST} times within the last hour; InvoiCy blocks from 4 on (179)"))
                .repeat(true)
        })
    }

    /// Gives a turn back: the request never left.
    pub fn give_back(&self, request: &Fingerprint) {
        if let Some(turns) = self.turns().get_mut(request) {
            turns.pop_back();
        }
    }

    /// `Err`: the time until there is a turn.
    fn take_at(&self, request: &Fingerprint, now: Instant) -> Result<(), Duration> {
        let mut all = self.turns();
        let is_old = |turn: &Instant| now.saturating_duration_since(*turn) >= WINDOW;
        all.retain(|_, turns| {
            turns.retain(|turn| !is_old(turn));
            !turns.is_empty()
        });
        let turns = all.entry(*request).or_default();
        match turns.front() {
            Some(first) if turns.len() >= MOST => Err(WINDOW.saturating_sub(now.saturating_duration_since(*first))),
            _ => {
                turns.push_back(now);
                Ok(())
            }
        }
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<Fingerprint, VecDeque<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pauses between the questions of someone who has `time` for the answer: each twice as long as the one before, all of
/// them together `time`. There are as many as the same question may be repeated.
#[must_use]
pub fn pauses(time: Duration) -> [Duration; MOST - 1] {
    let parts = (1_u32 << (MOST - 1)) - 1;
    std::array::from_fn(|place| time / parts * (1 << place))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{MOST, Pace, WINDOW, pauses};

    #[test]
    fn three_of_a_kind_within_an_hour() {
        let (pace, start) = (Pace::default(), Instant::now());
        let at = |minutes: u64, request: u8| pace.take_at(&[request; 16], start + Duration::from_secs(minutes * 60));
        assert_eq!((at(0, 1), at(1, 1), at(2, 1)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(at(3, 2), Ok(()), "another request is another matter");
        assert_eq!(at(3, 1), Err(Duration::from_secs(57 * 60)), "and no way around");
        assert_eq!((at(60, 1), at(60, 1).is_err()), (Ok(()), true));
        assert_eq!(WINDOW.as_secs(), 3600);
    }

    #[test]
    fn what_never_left_does_not_count() {
        let pace = Pace::default();
        for _ in 0..10 {
            pace.take(&[1; 16]).unwrap();
            pace.give_back(&[1; 16]);
        }
        for _ in 0..MOST {
            pace.take(&[1; 16]).unwrap();
        }
        let error = pace.take(&[1; 16]).unwrap_err();
        assert!(error.code() == 7006 && error.text().contains("60 min"), "{}", error.text());
    }

    #[test]
    fn pauses_grow_and_fill_the_time() {
        assert_eq!(pauses(Duration::from_secs(30)).map(|pause| pause.as_secs()), [10, 20]);
        assert_eq!(pauses(Duration::ZERO), [Duration::ZERO; MOST - 1]);
    }
}
