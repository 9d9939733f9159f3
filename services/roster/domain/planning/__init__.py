"""Plans the days of an OPD: posts, working from home, shifts; and verifies the plan."""
