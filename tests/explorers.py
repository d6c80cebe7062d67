"""The figures with controls, as the tests make them."""

from bpcourse import widgets

EXPLORERS = {
    "activation": widgets.ActivationExplorer,
    "chain": widgets.ChainMicroscope,
}
