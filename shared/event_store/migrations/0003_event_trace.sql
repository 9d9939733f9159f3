-- The trace context (W3C traceparent) of the request that recorded an event, if it was traced. It is beside the event,
-- because traces expire and events do not: these rows may be deleted at any time.
CREATE TABLE event_trace (
    source text NOT NULL,
    sequence bigint NOT NULL,
    traceparent text NOT NULL,
    PRIMARY KEY (source, sequence)
);
