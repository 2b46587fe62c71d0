from django.db import models


class Horodate(models.Model):
    """Date de création et de dernière modification, en UTC."""

    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    modifie_le = models.DateTimeField("modifié le", auto_now=True)

    class Meta:
        abstract = True
