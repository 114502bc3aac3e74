//! Every rule of the simulator, over real sockets.

mod client;
mod consulta;
mod faults;
mod invoicy;
mod login;
mod program;
mod proxy;
mod retrieve;
mod transport;
mod upload;
mod webmania;
mod webmania_client;
mod webmania_faults;
mod webmania_fields;
mod webmania_notifications;
