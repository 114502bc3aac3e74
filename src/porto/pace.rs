//! Keeps uploads to so many a second: the service answers whoever sends faster with growing delays (manual).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(1);

/// Lets a burst of `limit` through at once; whoever comes later waits until a second has passed since the one `limit`
/// places before.
pub struct Pace {
    limit: usize,
    recent: Mutex<VecDeque<Instant>>,
}

impl Pace {
    /// At most `limit` in any second.
    pub fn new(limit: u32) -> Self {
        Self { limit: limit as usize, recent: Mutex::new(VecDeque::new()) }
    }

    /// Waits for a turn.
    pub fn wait(&self) {
        let turn = self.reserve(Instant::now());
        thread::sleep(turn.saturating_duration_since(Instant::now()));
    }

    /// The moment of the next turn, taken.
    fn reserve(&self, now: Instant) -> Instant {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = if recent.len() < self.limit {
            now
        } else {
            recent.pop_front().map_or(now, |earliest| now.max(earliest + WINDOW))
        };
        recent.push_back(turn);
        turn
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Pace;

    #[test]
    fn a_burst_passes_and_the_rest_queues() {
        let (pace, start) = (Pace::new(3), Instant::now());
        let turns: Vec<_> = (0..7).map(|_| pace.reserve(start) - start).collect();
        let seconds = [0, 0, 0, 1, 1, 1, 2].map(Duration::from_secs);
        assert_eq!(turns, seconds);
    }

    #[test]
    fn after_a_pause_a_burst_passes_again() {
        let (pace, start) = (Pace::new(2), Instant::now());
        pace.reserve(start);
        pace.reserve(start);
        let later = start + Duration::from_secs(5);
        assert_eq!(pace.reserve(later), later);
        assert_eq!(pace.reserve(later), later);
        assert_eq!(pace.reserve(later), later + Duration::from_secs(1));
    }
}
