"""What may arrive next, as samples: a plan that hedges needs futures, not a mean.

Time is counted in steps of the environment, arrivals in tasks a step. Every forecaster is a pure function of the
history known before the episode and of what has arrived since its start.
"""

from agents.planning.forecast.analogs import Analogs
from agents.planning.forecast.forecaster import Forecaster
from agents.planning.forecast.history import History
from agents.planning.forecast.mixture import Mixture
from agents.planning.forecast.persistence import Persistence
from agents.planning.forecast.profile import Profile
from agents.planning.forecast.scoring import ForecastScore, score

__all__ = ["Analogs", "ForecastScore", "Forecaster", "History", "Mixture", "Persistence", "Profile", "score"]
