"""Declares the errors after which a process of Kafka's readers and writers must stop."""


class UnsafeToContinue(Exception):
    """A process must stop because continuing could lose or falsify events.

    The text is one message for the operator; the process ends with a failing exit status.
    """


class AccessRefused(UnsafeToContinue):
    """Kafka refuses this process: a wrong user or password, an unknown certificate, or a right that is missing.

    The text says where, what, and what to do. It never holds the password.
    """
