//! The steps that were done, and those that were not.

use std::time::Instant;

use crate::contract::{ErrorEntry, Facts, Passo, Progress, Stage, Step};

/// What a step gives to those after it, and what it has to say (Portuguese).
pub type Done<T> = Result<(T, String), ErrorEntry>;

/// The steps so far. Each is done in its turn or said to be needless.
pub struct Report<'a, 'p> {
    progress: &'a mut Progress<'p>,
    steps: Vec<Passo>,
    stopped: bool,
}

impl<'a, 'p> Report<'a, 'p> {
    /// Nothing is done yet.
    pub fn new(progress: &'a mut Progress<'p>) -> Self {
        Self { progress, steps: Vec::new(), stopped: false }
    }

    /// Does `work`, which notes in the facts what it finds, also where it fails. `None` if it failed or the caller stopped:
    /// then what needs it cannot be done.
    pub fn step<T>(&mut self, step: Step, work: impl FnOnce(&mut Facts) -> Done<T>) -> Option<T> {
        if !self.begin(step) {
            return None;
        }
        let (start, mut facts) = (Instant::now(), Facts::default());
        let (value, outcome) = match work(&mut facts) {
            Ok((value, msg)) => (Some(value), Ok(msg)),
            Err(error) => (None, Err(error)),
        };
        self.end(step, start, facts, outcome);
        value
    }

    /// Whether the caller wants `step` to be done.
    fn begin(&mut self, step: Step) -> bool {
        if !self.stopped
            && let Err(stop) = self.progress.begin(Stage::Diagnostico, self.steps.len(), Step::ALL.len())
        {
            self.stopped = true;
            self.steps.push(Passo::stopped(step, stop));
        }
        !self.stopped
    }

    fn end(&mut self, step: Step, start: Instant, facts: Facts, outcome: Result<String, ErrorEntry>) {
        self.progress.end(Stage::Diagnostico, self.steps.len() + 1, Step::ALL.len(), outcome.as_ref().err());
        self.steps.push(Passo::done(step, start.elapsed().as_millis(), facts, outcome));
    }

    /// There is nothing to do in `step`, for the reason in `msg`.
    pub fn needless(&mut self, step: Step, msg: &str) {
        if !self.stopped {
            self.steps.push(Passo::needless(step, msg));
        }
    }

    /// All steps, those that were not reached included.
    pub fn finish(mut self) -> Vec<Passo> {
        let reached = self.steps.len();
        self.steps.extend(Step::ALL[reached..].iter().map(|&step| Passo::not_reached(step)));
        self.steps
    }
}
