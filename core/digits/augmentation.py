"""The augmentations as data: how far a training image may be turned, moved and stretched before it is shown."""

from pydantic import BaseModel, ConfigDict, Field


class Augmentation(BaseModel):
    """Ranges from which every training image draws its own change in every epoch; zero switches a change off."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    rotation: float = Field(0.0, ge=0, le=45, description="Turn by up to this many degrees, either way.")
    shift: float = Field(0.0, ge=0, le=0.3, description="Move by up to this share of the image's side, either way.")
    zoom: float = Field(0.0, ge=0, le=0.4, description="Shrink or enlarge by up to this share, each axis by itself.")
    shear: float = Field(0.0, ge=0, le=45, description="Slant by up to this many degrees, either way.")

    @property
    def is_on(self) -> bool:
        """Whether any change can happen at all."""
        return any((self.rotation, self.shift, self.zoom, self.shear))
