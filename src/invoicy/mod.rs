//! InvoiCy.
mod envelope;
mod key;
#[cfg(test)]
mod samples;
mod tree;
mod wrapper;
mod xml;
