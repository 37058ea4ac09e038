"""What type checkers and editors see of the names that `__init__` loads on first use."""

from driftline import environments as environments
from driftline.conditioning.best_of_n import BestOfN as BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt as ExponentialTilt
from driftline.conditioning.exponential_tilt import mgdt_paper as mgdt_paper
from driftline.conditioning.factorised_tilt import FactorisedTilt as FactorisedTilt
from driftline.conditioning.fixed import FixedReturn as FixedReturn
from driftline.conditioning.quantile import Quantile as Quantile
from driftline.conditioning.reference import Recent as Recent
from driftline.conditioning.sampled_maximum import SampledMaximum as SampledMaximum
from driftline.conditioning.sampled_maximum import mgdt_colab as mgdt_colab
from driftline.conditioning.target import Unconditioned as Unconditioned
from driftline.data.demonstrations import Demonstrations as Demonstrations
from driftline.data.episodes import Episodes as Episodes
from driftline.data.minari import load_minari as load_minari
from driftline.data.minari import load_minari_episodes as load_minari_episodes
from driftline.data.minari_writing import save_minari as save_minari
from driftline.data.mixture import MixtureSettings as MixtureSettings
from driftline.data.trajectories import Trajectories as Trajectories
from driftline.data.trajectory import Trajectory as Trajectory
from driftline.errors import DriftlineError as DriftlineError
from driftline.experiments.own import fit as fit
from driftline.experiments.own import go_online as go_online
from driftline.experiments.own import play as play
from driftline.experiments.run import read_episodes as read_episodes
from driftline.experiments.run_measures import measure_run as measure_run
from driftline.experiments.saved_model import load_model as load_model
from driftline.experiments.saved_model import save_model as save_model
from driftline.models.tabular import TabularModel as TabularModel
from driftline.models.transformer_config import TransformerConfig as TransformerConfig
from driftline.records.events import Event as Event
from driftline.records.events import RoundCollected as RoundCollected
from driftline.records.events import RoundEnded as RoundEnded
from driftline.records.events import RoundMeasured as RoundMeasured
from driftline.records.events import RunFinished as RunFinished
from driftline.safety.behaviours import Behaviour as Behaviour
from driftline.safety.behaviours import Detector as Detector
from driftline.safety.behaviours import detects as detects
from driftline.safety.behaviours import flag_with as flag_with
from driftline.safety.thresholds import Thresholds as Thresholds
from driftline.training.offline import OfflineSettings as OfflineSettings
from driftline.training.online import OnlineSettings as OnlineSettings
from driftline.training.rounds import RoundSettings as RoundSettings
from driftline.training.update import UpdateSettings as UpdateSettings

__version__: str
