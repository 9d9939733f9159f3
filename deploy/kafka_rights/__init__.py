"""Says which rights each process needs in Kafka, and gives them to its user."""
