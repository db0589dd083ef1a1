"""The words that codes are made of. Pure.

Short words of things that most learners of English know; none sounds like another, none becomes another by one wrong
letter, and no two begin with the same four.
"""

_TEXT = """
acorn actor album amber anchor angel ankle anvil apple apron arrow atlas attic autumn avocado axle bacon badge bagel
balcony bamboo banana banjo barrel basket beach beaver beetle berry bicycle biscuit blanket bonfire bottle branch
bread bridge broom bubble bucket buffalo butter cabin cactus camel candle canoe carpet castle cellar cherry chimney
circle clock cloud clover cobweb coconut coffee comet cookie copper coral cotton cradle crayon cricket crown crystal
cucumber cupboard curtain cushion dagger daisy dancer desert diamond dinner dolphin dragon drawer drum dumpling
eagle earth eclipse elbow elephant engine envelope evening fabric falcon farmer feather fiddle flame flute forest
fossil frog garden garlic gazelle giant ginger giraffe glove goblet gorilla grape guitar hammer harbor harvest hazel
hedgehog helmet hippo hockey honey hornet hotel igloo insect island ivory jacket jaguar jelly jewel jigsaw jungle
kettle kitchen kitten koala ladder lagoon lantern lasagna lemon letter library lion lobster magnet mango maple
marble market meadow melon mirror monkey morning mosquito mountain muffin museum mushroom napkin needle nest noodle
ocean olive onion orange orbit orchid otter oven oyster pancake panther parrot peacock peanut pebble pelican pencil
penguin pepper piano picnic pigeon pillow pirate pizza planet pony potato pumpkin puppet pyramid rabbit radish
rainbow raven rhubarb ribbon river robot rocket saddle sailor salad sandal saturn scarf school shadow shovel silver
sparrow spider sponge spoon squirrel statue sunset swan table tiger tomato tower tractor trumpet tulip tunnel turnip
turtle umbrella unicorn valley vanilla velvet village violin volcano waffle wagon walnut walrus whale whistle window
winter wizard xylophone yellow yogurt zebra zipper
"""
WORDS = tuple(_TEXT.split())
