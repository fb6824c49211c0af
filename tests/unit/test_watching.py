"""How fast a mailing is, and how long it takes."""

from mailer.cli.watching import Pulse


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    pulse = Pulse()
    for second in range(61):
        pulse.add(float(second), 100 * second if second < 30 else 3000)

    assert pulse.rate == 0.0  # nothing has moved for thirty seconds
    assert pulse.left(50) is None


def test_the_time_left_follows_from_the_rate() -> None:
    pulse = Pulse()
    pulse.add(0.0, 0)
    pulse.add(2.0, 500)

    assert pulse.rate == 250.0
    assert pulse.left(1000) == 4.0


def test_at_first_nobody_can_say() -> None:
    pulse = Pulse()
    pulse.add(0.0, 10)

    assert (pulse.rate, pulse.left(5)) == (0.0, None)


def test_a_count_that_goes_back_is_no_negative_rate() -> None:
    pulse = Pulse()
    pulse.add(0.0, 10)
    pulse.add(1.0, 5)

    assert pulse.rate == 0.0
