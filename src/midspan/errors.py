"""The one error that means "the user can mend this"."""


class UserError(ValueError):
    """A mistake the user can mend: the message says what is wrong, where, and what to do.

    The command line prints it as one line and exits with code 2; a program sees a `ValueError`.
    """
