"""How fast a mailing is, and how long it takes."""

from mailer.core.speed import Speed


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    speed = Speed()
    for second in range(61):
        speed.add(float(second), 100 * second if second < 30 else 3000)

    assert speed.rate == 0.0  # nothing has moved for thirty seconds
    assert speed.left(50) is None


def test_the_time_left_follows_from_the_rate() -> None:
    speed = Speed()
    speed.add(0.0, 0)
    speed.add(2.0, 500)

    assert speed.rate == 250.0
    assert speed.left(1000) == 4.0


def test_at_first_nobody_can_say() -> None:
    speed = Speed()
    speed.add(0.0, 10)

    assert (speed.rate, speed.left(5)) == (0.0, None)


def test_a_count_that_goes_back_is_no_negative_rate() -> None:
    speed = Speed()
    speed.add(0.0, 10)
    speed.add(1.0, 5)

    assert speed.rate == 0.0
