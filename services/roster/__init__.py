"""Plans who works where on which day, and stores the registry of people; owns the topic `piket.{region}.roster.v1`."""
