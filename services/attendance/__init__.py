"""Records who is present where, by taps; owns the topic `piket.{region}.attendance.v1`."""
