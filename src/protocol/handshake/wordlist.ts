/**
 * The words of codes, in alphabetical order: 2,048 of them, so that each is worth 11 bits. All are
 * lower-case ASCII of three to eight letters; the first four letters (or all three) tell a word
 * from every other, and no word becomes another by a single slip. The list is part of the protocol:
 * a word may never be taken out or exchanged.
 */
export const WORDS: readonly string[] = `
aardvark abacus abalone abbey abdomen aboard acacia academy acid acorn acre acrobat actor actress
adder admiral adobe aerial aerobics agate agent aglow airbag airline airport airship airy aisle
alarm albino album alcove alert algae algebra alibi alien alloy almanac almond aloe aloft alpaca
alpha alpine altar amaze amber amble ambush amethyst amigo amplify amulet amuse analog anchor
ancient android anemone angel angora animal anise ankle annual answer antenna anthem antique
antler anvil apex aphid apparel applaud apricot apron aqua aquifer arcade archer arctic arena aria
ark armada armchair armor army aroma arrange arrow artisan ashtray asleep aspen asphalt aster
astro athlete atlas atom atrium attic auction audio august aurora author autumn avenue aviary
avocado awning axe axis azalea azure babble baboon baby backpack bacteria badger bagel baggage
bagpipe bait bakery balance balcony ballet balm balsa bamboo banana bangle banjo bank banner
banquet baobab barber barefoot bargain barista barley barn barrel basalt baseball basil basket
bassinet batch bathtub baton battery bayou bazaar beacon bead beagle beaver bedroom bedtime beech
beef beehive beetle beige belfry bellhop belt beret berry beverage bib bicycle biker billow bingo
biology biplane birch bird birthday biscuit bishop bison blade blanket blazer blend blimp blink
blizzard block bloom blossom blotter blouse bluebell boa bobbin bobcat bobsled boiler bold bonanza
bonbon bonfire bonnet bookcase bootlace border botanist bottle boulder bouncer bouquet bowling
bowman bowtie boxer bracelet brain brake bramble brandy brass breakers breeze brew brick bridge
brigade brioche brisket broccoli bronco brooch broth brownie bruise brunch brush bucket buddy
budget buffalo bugle bulb bulge bulldog bulrush bumble bumper bundle bungalow bunker bunny buoy
burger burlap burrito bus butler button buzz cabbage cabin cable caboose cacao cactus caddy cadet
cafe cairn calcium calendar calf calico camel campfire canal candle canopy canteen canvas canyon
captain caramel carbon cardinal cargo caribou carnival carol carpet carrot cascade cashew casino
cask cassette castle catalog catcher catfish cauldron caviar cayenne cedar ceiling celery cello
cement centaur ceramic cereal chain chalk champion chandler chapel charcoal chatter checkers
cheddar cheese chef chemist cherry chess chicken child chimney china chipmunk chisel chive choir
chopper chorus chowder chrome chuckle chunk chute cicada cider cinema cinnamon circle cistern
citadel citrus civic clamp clapper claret classic claw clean cliff climb clinic cloak clogs
cloister closet cloth cloud clover clown club cluster coach coaster coat cobalt cobble cobra
cobweb cocoa code codfish coffee cogwheel coin colander coleslaw collage color column comb comedy
comfort comic comma compass concert condor confetti console contour convoy cookie cool copilot
copy coral cork corner corona corridor corset cosmos costume cottage cougar council coupon courage
couscous coverall cowbell cowhide coyote crab cradle craft crane crater cravat crayfish cream
credit creek crepe crescent crewman cricket crimson crinkle crochet crop croquet cross crouton
crowd cruiser crumb crust crutch crypt crystal cube cubicle cuckoo cucumber cuddle cufflink
cuisine culture culvert cupboard cupcake curator curb currant curtain curve cushion custom cutlass
cycle cylinder cymbal cypress daffodil dagger dahlia daily dancer dapper dart database daughter
dawdle dawn daybreak daytime dazzle decaf decibel deckhand decoy deer defrost delicate delta denim
dentist depot derby desert desktop detour device dewdrop diagonal dial diamond diary dice diesel
digit dimple dinghy dinner dinosaur diploma disco disguise dish ditch divan diver dock doctor
dodge dogsled dogwood doll dolphin dome domino donkey donor doodle doorbell dormouse dot dough
dowel downhill dozen dragnet drama drapery drawer dreamer dress drift drill drink driveway drizzle
droplet drum dryer duchess duckling duet duffel dugout dulcimer dumbbell dumpling dune duplex dusk
dustpan dynamo earmuff earphone earring earth easel easy eaves ebony echo eclair eclipse ecology
edge edit eel eggnog eggplant egret elastic elbow electric elephant elevator elf elixir embark
emblem emerald emperor emu enamel engine engraver enigma ensign entree envelope envoy equator
ermine escape espresso estuary etching eyebrow eyelash fabric face factory fairway falafel falcon
family fanfare fang farm fashion faucet feast feather fedora feed feline fence fender fennel fern
ferryman festival feta fiddler field fiesta figure filament fillet film filter finch finger
firefly fishnet fissure fjord flagpole flamingo flannel flapjack flash flatbed flavor flax flea
fledge fleece flicker flight flint flip float floor floral floss flounder flow fluffy flurry
flutter flywheel foam focus fodder foghorn foil foliage folklore fondant food foothill forest
forge forklift formula fort forum fossil foster fountain foxglove foxhole foxtrot foyer fraction
fragile frame freckle freezer fresco friday friend frigate fringe frisbee fritter frog front
frozen fruit fry fudge fuel fulcrum furlong furnace furrow fuse fusion fuzzy gadget gaggle galaxy
galleon game gamma gander gap garage garden gargoyle garlic garment garnet gauntlet gavel gazebo
gear gecko gelatin gem genie geode geology geranium gerbil geyser ghost giant gift gingham ginseng
giraffe girder glacier glance glass glaze gleam glider glimmer glitter globe glowworm glucose glue
gnat gnome goal goatee goblet goggles goldfish golfer gondola gong goose gopher gorilla gourd gown
grace grammar granite graph gravity green griddle griffin grin grizzly grocer groom grotto ground
grove growth grub guard guava guest guide guild guinea guitar gulf gully gumball gumdrop gurgle
gusto gutter guzzle gymnast hacksaw haddock haiku hail hairpin halfpipe halibut hallway halo
halter hamlet hammock hamper hamster hand hangar harbor hardhat harmony harness harpist harvest
hat haven hawk hayloft haystack hazel headband heart hedgehog heirloom helipad helmet hen heptagon
herbal herd hermit heron herring hexagon hiccup hickory highland hike hilltop hinge hint hippo
hobby hockey hoist holiday hollow hologram holster homework honey hoof hop horizon hornet horse
hospital hostel hotdog hour housefly hover hubcap hula hummus hunter hurdle hurrah husky hutch
hyacinth hydrant hyena hyphen ibex ibis iceberg icicle icing icon igloo iguana image impala
incense inchworm indigo inferno ingot inkblot inkwell inning insect insignia intercom invoice
iodine island ivory ivy jackal jacuzzi jade jaguar janitor jasmine jasper javelin jawbone jay jazz
jeans jeep jelly jersey jetty jewel jigsaw jogger jolt journal joystick jubilee judo juggler juice
jukebox jumbo jump junction jungle junior jute kale kangaroo karaoke kayak kazoo kebab keg kelp
kerchief kernel ketchup kettle keyboard keystone khaki kickoff kidney kiln kilogram kimono kindle
kingdom kiosk kipper kitchen kite kitten kiwi knapsack knee knife knight knit knuckle koala
kumquat lacquer ladle lady lagoon lake lamb landmark lantern lapel laptop larch larder larva
lasagna laser lasso lathe latitude lattice launch laurel lavender lawyer leaflet leap leash ledger
leek leggings lemming lemon lemur lens lentil leopard letter lever library licorice lid lifeboat
lighter lilac lily limerick limpet linen linguini linoleum lion lipstick lizard llama loaf lobster
locker locust log lollipop longboat lookout loop lorry lotion lottery lotus lounge lozenge luggage
lullaby luminous lunar lunchbox lupine lynx lyric macaw machine mackerel macro magic magma magnet
magpie mahogany mailbox maize mallard mammal manager mandarin mangrove manor mansion mantis maple
maraca marble marina market marlin marmot marquee marsh marten marvel marzipan mascara mason
mastiff matador matinee matrix mattress mayfly mayo maypole meadow meatball medicine medley
meerkat megabyte melody membrane mentor menu merchant meringue mermaid mesa message metal meteor
metro midday midnight mill mineral mingle mini minnow minstrel miracle mirror mist mixer mixture
moccasin mocha modem mohair molar molecule mollusk monarch monday mongoose monitor monocle monsoon
monument moon mooring moped morsel mortar mosaic mosquito moss motel motor mound mouse mouth movie
mower mud muffler mulberry mulch mule multiply mural museum mushroom music muskrat muslin mussel
mustang myrtle mystery myth nacho napkin narwhal navy nebula neck nectar needle neighbor neon net
neutron nickel nightcap nimble ninja nitrate nomad nosedive nostril notch note nougat november
nozzle nucleus nugget number numeral nursery nuthatch nutmeg nutshell nylon oaken oar oasis
oatmeal obelisk oboe obsidian ocarina ocean ocelot octagon october odyssey ogre oilcan oilskin
ointment okapi okra olive omega omelet omnibus onion onlooker onyx opal opera opossum optician
oracle orange orbit orca orchard oregano organ origami oriole ornament osprey ostrich otter
ottoman ounce outback outfit outlet outpost oven overalls owl oxbow oxcart oxtail oxygen oyster
ozone pacifier packet paddle padlock paella page pagoda paint pair paisley palace palette palmetto
pamphlet pancake panda panel panorama panther papaya paper paprika papyrus parade parcel parka
parlor parsnip particle passage pasta patent pathway patina pattern pavement pavilion paw peacock
peanut peat pebble pecan pedal pedestal pegboard pelican pencil pendant penguin penny pentagon
pepper perch pergola pesto petunia pewter phantom pharmacy pheasant phoenix phone photo physics
piano piccolo pickaxe picnic picture piecrust pier pigeon piglet pigment pigtail pillar pilot
pimento pinball pinecone pink pinwheel pioneer pipe piranha piston pita pitcher pixel pizza
placard plaid planet plaque plasma platform play plaza pliers pluck plug plumage plunge plush
plywood podcast podium poetry pogo pointer poker polecat polka pollen polygon pomelo pompom poncho
pond pontoon ponytail popcorn poplar popover poppy popsicle porpoise porridge portal post potato
potluck potpie pouch poultry powder prairie pram prank prawn prelude pretzel primrose princess
prism prize propane proton prow prune pudding puff pulley pulpit pulsar puma pumice pumpkin punch
punt pupil puppet purple purr purse putty pyramid python quail quarry quasar queen quill quince
quirk quiver quiz quokka rabbit raccoon racer radar radiator raffle ragtime rainbow raisin ramekin
ramp ranch ranger rapier rascal ratchet rattan ravine rawhide rayon razor receipt recipe recliner
recorder redwood referee refinery regatta reggae reindeer relic reptile retina rhino rhombus
rhubarb rhyme ribbon ribcage rickshaw ride rigging rim ring rinse ripple riptide riverbed roadway
roast robe robin robot rodent roller romaine rook roommate rooster rosebud rotate rotunda roulette
roundup rowboat rowing rubber ruby rucksack rudder rug ruler rumba runner runway rustic rutabaga
rye sack safari saffron saga sailor salad salmon salt salvage sandal sapling sapphire sardine sari
sarong sash satay satchel satin saturn sauce sauna sausage savanna sawdust sawhorse scabbard
scaffold scale scamper scarab scenery scepter scholar scissors scone scoop scorpion scour scrap
scribble scroll scrub scuba sculptor scythe seafood seagull seal seaport seaweed sedan seedling
seesaw seminar sensor sepia sequin serpent sesame shadow shampoo shape sharp shawl shears shed
sheep shelf shepherd sherbet shield shift shimmer shingle shipyard shiver shore shoulder shovel
shower shrimp shrug shuffle shutter sickle sideburn sieve sign silkworm silo silver siphon siren
sirloin sitar sizzle skate skeleton sketch skewer skier skillet skin skirt skunk skydive skylark
slab slalom sleeve sleigh slide slim sling slipper slope smelter smile smith smock smog smoothie
snail snake snapper sneaker sneeze snippet snorkel snout snow snug soapbox soccer socket soda
soldier sole solstice sombrero sonar songbird soprano sorbet sorrel soup soybean space spaniel
spark spatula spear speck sphere sphinx spider spike spinach spiral splash splint sponge spoon
sport spray spread sprig sprocket spruce spur spy squall squeak squid stable stadium staff stage
stair stallion stapler starfish station steamer steel stencil stereo stew stick stilt stingray
stirrup stitch stocking stool stop stork stove strainer street stripe stroller stucco studio stump
sturdy stylus subway suede sugar suit sultan sumac summer sunbeam sundae sunrise sunset supper
surfer surgeon sushi swallow swamp swan swatch sweater sweet swirl swivel sword sycamore symphony
syrup tabby tablet taco tadpole taffy talcum talon tamarind tambour tandem tango tanker tapestry
tapioca tarmac tarpon tartan tassel tavern tawny taxi teacher teak teapot teaser teddy teeth
telegram tempest tendon tennis tenor tent terrace textile thatch theater thermal thicket thimble
thistle thorn thread throat thrush thumb thunder tiara tidbit tidepool tiger tile timpani tinfoil
tinkle tinsel tiptoe tissue toad toboggan toddler toenail toga tomato tongs tonic toolbox tooth
topaz topcoat topiary torch tornado torpedo torrent tortilla toucan toy tractor traffic trail
trapdoor travel tray treasure treetop trek trellis trench triangle trickle trident trifle trilogy
trinket trio tripod troll trombone trophy trout truffle trumpet trunk tuba tuck tugboat tulip
tumbler tundra tunnel turban tureen turf turkey turnip turret turtle tutor tutu tuxedo tweed twig
twilight twine twist tycoon typhoon typist ukulele umbrella umpire uncle unicorn uniform unison
universe unzip upgrade uphill upland upload uproot uptown uranium urchin urn usher utensil
vacation vacuum valet valley valve vampire van vapor varnish vase vault vector vehicle veil velcro
velvet vendor venison venus veranda vertex vessel vest veteran viaduct victory video view viking
village vinegar vintage vinyl viola viper visa visitor visor vitamin vixen volcano voltage voucher
voyage wafer wagon wagtail walkway wall walnut walrus waltz warbler wardrobe warthog wasabi washer
wasp wax weave website weekend weevil wetland wetsuit whale wharf wheat wheelie whippet whirl
whisk whittle wicker wildcat wind winter wireless wishbone wok wolf wombat woodland worker world
worm wrap wreath wren wriggle wrist yacht yak yard yearbook yellow yeti yodel yogurt yolk yucca
yurt zebra zenith zeppelin zigzag zinc zinnia zip zither zodiac zoo zucchini
`
  .trim()
  .split(/\s+/);
