//! Antiphon: a rules engine for replies. `src/README.md` is the map.

// The core: no runtime, socket, file, clock or chance.
pub mod model;
