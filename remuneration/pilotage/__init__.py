"""Indicateurs du SAS : mesurés chaque nuit, lus par les référents, les gestionnaires, le ministère et chacun (docs/adr/0030)."""
