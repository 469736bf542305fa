"""sepnorm: separate normalisation, domain-specific batch normalisation (DSBN, D-12)."""

from __future__ import annotations

from collections.abc import Sequence

from elsewhere.methods.by_site import BySite
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork, separate_norms


class SeparateNormalisation(BySite):
    """Every site has its own statistics, gamma and beta; all other weights are shared."""

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Give the sites normalisations of their own; see `Method.adapt`."""
        separate_norms(network, sites)
        return SitedNetwork(network, sites)
