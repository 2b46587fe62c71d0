"""Durées de conservation : ce qui arrive à son terme dans chaque application, et ce qu’on en fait.

Une table, comme celle des droits : une ligne par donnée, sa durée et son texte
dans `settings.CONSERVATION`. Elle est ici, à la racine, parce que la purge
touche toutes les applications ; chacune garde le geste qui est le sien
(docs/adr/0011).
"""

from sas_platform.conservation.moteur import Geste, Regle, executer
from sas_platform.conservation.regles import REGLES
from sas_platform.conservation.sans_terme import SANS_TERME

__all__ = ["REGLES", "SANS_TERME", "Geste", "Regle", "executer"]
