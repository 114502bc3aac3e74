//! What tests do with the service through the simulator's handle.

use std::time::Duration;

use super::shape::MdfeShape;
use super::{Mdfe, Notification, Service};
use crate::{Simulator, lock};

impl Simulator {
    /// All MDF-e ever emitted, in the order of their emission.
    pub fn mdfes(&self) -> Vec<Mdfe> {
        lock(&self.shared.webmania).mdfes.all()
    }

    /// The MDF-e with this UUID or access key.
    pub fn mdfe(&self, name: &str) -> Option<Mdfe> {
        let service = lock(&self.shared.webmania);
        service.mdfes.find(name).map(|place| service.mdfes.at(place).clone())
    }

    /// Moves Webmania's and SEFAZ's clock on, so that all MDF-e are older by so many hours.
    pub fn age_mdfe(&self, hours: u16) {
        lock(&self.shared.webmania).ahead += Duration::from_secs(60 * 60) * u32::from(hours);
    }

    /// Has SEFAZ decide on all MDF-e on which it has not, without a query; who wants to be notified is.
    pub fn decide_mdfes(&self) {
        lock(&self.shared.webmania).decide_all(&self.https_url(), &self.shared.config.mdfe_shape);
    }

    /// The notifications so far, delivered or not, in the order in which they were tried.
    pub fn notifications(&self) -> Vec<Notification> {
        lock(&self.shared.notifications).clone()
    }
}

impl Service {
    fn decide_all(&mut self, origin: &str, shape: &MdfeShape) {
        for place in self.mdfes.undecided() {
            self.mdfes.decide(place, self.now());
            self.changed(place, origin, shape);
        }
    }
}
