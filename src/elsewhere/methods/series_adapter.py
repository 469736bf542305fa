"""series_adapter: residual adapters after the convolutions (Rebuffi et al. 2017; D-18)."""

from __future__ import annotations

from collections.abc import Sequence

from elsewhere.methods.by_site import BySite
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork, add_adapters, separate_norms


class SeriesAdapters(BySite):
    """Every site has small convolutions of its own behind the shared ones.

    As in the method's own paper the normalisations are the sites' too; as in Wang et al. 2020 all
    weights are trained together.
    """

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Give the sites adapters and normalisations of their own; see `Method.adapt`."""
        add_adapters(network, sites, kind="series")
        separate_norms(network, sites)
        return SitedNetwork(network, sites)
