//! Every rule of the simulator, over real sockets.

mod client;
mod consulta;
mod faults;
mod login;
mod program;
mod proxy;
mod retrieve;
mod transport;
mod upload;
