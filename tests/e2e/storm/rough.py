"""A day on which everything goes wrong, at the provider and among the workers."""

from tests.e2e.storm.orders import Peril, Point

FAULTS = (
    "429=0.02,429-seconds=0.01,429-date=0.01,401@9,500-before=0.03,500-after=0.04,"
    "503-before=0.02,reset-before=0.03,reset-after=0.05,hang-before@12,hang-after@15,"
    "drip@20,truncated=0.03,html-before=0.02,html-after=0.02,partial=0.05,"
    "search/429=0.01,search/503-before=0.03,search/reset-before=0.03,"
    "search/hang-before@6,search/truncated=0.03,search/html-before=0.02"
)
KILLS = [Peril(point=point, chance=0.015) for point in Point]
