"""sepnorm: the method with separate normalisation per site (domain-specific BN, DSBN; D-12)."""

from __future__ import annotations

from collections.abc import Sequence

from elsewhere.methods.by_site import BySite
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork, separate_norms


class SeparateNormalisation(BySite):
    """Each site has its own statistics, gamma and beta; all other weights are shared."""

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Add normalisations per site; see `Method.adapt`."""
        separate_norms(network, sites)
        return SitedNetwork(network, sites)
