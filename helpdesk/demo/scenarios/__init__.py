"""What customers of a small maker of software and devices write, and what they are answered."""

from .account import ACCOUNT
from .billing import BILLS
from .devices import DEVICES
from .script import Scenario
from .shipping import PARCELS
from .technical import SOFTWARE
from .wishes import WISHES

SCENARIOS: tuple[Scenario, ...] = (*SOFTWARE, *DEVICES, *BILLS, *ACCOUNT, *PARCELS, *WISHES)
