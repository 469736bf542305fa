"""parallel_adapter: the method with parallel residual adapters per site (Rebuffi 2018; D-18)."""

from __future__ import annotations

from collections.abc import Sequence

from elsewhere.methods.by_site import BySite
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork, add_adapters, separate_norms


class ParallelAdapters(BySite):
    """Each site has 1x1 convolutions parallel to the shared convolutions (Rebuffi et al. 2018).

    As in that paper, each site also has its own normalisations. As in Wang et al. 2020, all weights
    are trained together.
    """

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Add adapters and normalisations per site; see `Method.adapt`."""
        add_adapters(network, sites, kind="parallel")
        separate_norms(network, sites)
        return SitedNetwork(network, sites)
