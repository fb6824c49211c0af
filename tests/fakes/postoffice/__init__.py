"""A provider in its own process that fails by script and never forgets what it took.

`python -m tests.fakes.postoffice --port 0 --log FILE --faults SPEC --seed N` prints its
port. Every message that it accepts is a line in FILE before anything is answered, so
that FILE is the truth about who got what, however the call ended for its sender.
"""
