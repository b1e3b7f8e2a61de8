"""Words to fill exercises with."""

WORDS = (
    *("apple", "river", "stone", "cloud", "tiger", "paper", "green", "silver", "winter", "garden", "bridge"),
    *("candle", "window", "rocket", "planet", "forest", "ocean", "mirror", "pencil", "guitar", "castle"),
    *("button", "copper", "desert", "engine", "flower", "hammer", "island", "jacket", "kettle", "ladder"),
    *("magnet", "needle", "orange", "pillow", "rabbit", "saddle", "ticket", "violin", "wallet", "zebra"),
    *("anchor", "basket", "camera", "dragon", "eagle", "feather", "ginger", "honey", "lemon"),
)
FIELDS = (
    *("name", "age", "price", "title", "city", "score", "color", "size", "weight", "height", "year", "rank"),
    *("level", "status", "kind", "author", "owner", "amount", "total", "date", "email", "phone", "country"),
    *("team", "grade", "speed", "code", "length", "width", "depth", "brand", "model", "stock", "points"),
)
