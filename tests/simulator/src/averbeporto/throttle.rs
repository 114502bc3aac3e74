//! The growing delay for a user who uploads too fast, or what is there already.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many uploads in a second are free (manual).
const FREE_PER_SECOND: usize = 10;
/// The delay never grows beyond this (manual).
const LONGEST: Duration = Duration::from_secs(3);
/// Assumed: the first delay; each further one is twice as long, and one upload that is neither too fast
/// nor a repetition ends the growth.
const FIRST: Duration = Duration::from_millis(100);

/// The uploads of one user.
#[derive(Default)]
pub(super) struct Throttle {
    last_second: VecDeque<Instant>,
    offences: u32,
}

impl Throttle {
    /// The delay for an upload at `now`; `repeated`: nothing of it was new.
    pub(super) fn delay(&mut self, now: Instant, repeated: bool) -> Duration {
        let is_old = |then: &Instant| now.duration_since(*then) >= Duration::from_secs(1);
        while self.last_second.front().is_some_and(is_old) {
            self.last_second.pop_front();
        }
        self.last_second.push_back(now);
        if !repeated && self.last_second.len() <= FREE_PER_SECOND {
            self.offences = 0;
            return Duration::ZERO;
        }
        self.offences += 1;
        let doublings = (self.offences - 1).min(10);
        LONGEST.min(FIRST * 2_u32.pow(doublings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_in_a_second_are_free_and_the_next_wait_longer_and_longer() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let delays: Vec<_> = (0..20).map(|_| throttle.delay(now, false).as_millis()).collect();
        assert_eq!(delays[..10], [0; 10]);
        assert_eq!(delays[10..], [100, 200, 400, 800, 1600, 3000, 3000, 3000, 3000, 3000]);
    }

    #[test]
    fn a_second_later_all_is_forgotten() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..15 {
            throttle.delay(now, false);
        }
        assert_eq!(throttle.delay(now + Duration::from_secs(1), false), Duration::ZERO);
    }

    #[test]
    fn repetitions_wait_however_slowly_they_come() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let delays: Vec<_> =
            (0..3).map(|minute| throttle.delay(now + Duration::from_secs(60 * minute), true).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400]);
    }
}
