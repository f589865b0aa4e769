//! What a server could do to the people on it, and what their devices notice.
