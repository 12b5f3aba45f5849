"""What podcasts talk about among people: neighbors, parties, moving, fears, hobbies, cities; see `topics` for the notation."""

# ruff: noqa: E501 - an entry of the notation is one line, however long the story

TEXT = """
= neighbors | neighbors | the people next door | my building
$person the man upstairs | the woman next door | the couple across the hall | the student below me | the old lady with the dog | the twins on the third floor
$gift a plant | a box of oranges | homemade jam | a broken chair | an old lamp | a bottle of wine | a warm bread
$noisy drums | arguments | opera singing | furniture moving | video games | barking | hammering
Q Do you know your neighbors?
+ All of them! <person> even brings me <gift> sometimes.
- Not really. I only know the <noisy> through the wall.
0 We say good morning, and that's about it.
Q Was it loud again last night?
- Very. <noisy> until <clock>, and then a [party|fight|phone call].
+ No, for once it was *completely* silent.
? {shrug}No idea, I slept right through it.
C Good walls make good neighbors.
a Very true. I like mine best when I can't hear them.
d I don't think so. A good neighbor knocks on the door.
C You should always lend your things to <person>.
a Of course, sooner or later you need something, too.
d My drill left in <year>, and it never came home.
S One morning <person> stood at my door with <gift>. | I asked, what is this for? | It turned out that I had helped carry a sofa, in <year>. | I had forgotten all about it. | Since then we have breakfast {hands_together}together every <day>.
S For weeks I heard strange <noisy> above me. | I wrote a very polite letter, {small}one page. | Nothing changed, so I wrote a less polite one, {big}*four* pages. | Then I went upstairs, and the door was open. | {point_away}There, in the middle of the room, sat a bird. | It had learned everything from the radio.
J <person> complained about my music. / I explained that I was *cooking*.
N How many people live in your building? / <n:8:70>, and a cat who belongs to nobody.
L How to stay friends with the people next door. / {count}First, say hello. / {count}Second, close the window when you sing. / {count}Third, return the ladder.
= parties | parties | celebrations | birthdays
$cake chocolate cake | balloons | candles | paper hats | ice cream | a magic trick | a piano player
$guest my old teacher | my first boss | the mayor | a clown | the dentist | somebody I had never met
$mistake spilled the punch | called her by the wrong name | broke the chair | fell into the pool | forgot the present | danced on the table
Q How was the party on <day>?
+ *Amazing*! There was <cake>, and everyone stayed until <clock>.
- A disaster. <guest> [arrived first|gave a speech] and I <mistake>.
0 Nice enough. We were <n:6:40> people and we talked about the weather.
Q Do you still celebrate your birthday?
+ Every year, with <cake> and too many candles.
- No, I stopped counting at <n:25:50>.
C Small parties are the best parties.
a Yes, {small}five friends and one table, that's all you need.
d No, a real party is {big}huge and nobody knows the host.
C You should always arrive late.
a Exactly, nobody wants a guest at the door at <clock>.
d I disagree. The early guests get the good chairs.
S For my <n:20:60> birthday they planned a surprise. | I had a bad day, so I went straight to bed. | <n:10:40> people were sitting in the dark in my living room. | After one hour <guest> knocked softly on my bedroom door. | I came out in my pajamas, and everybody sang. | It was the *best* party of my life.
S At my cousin's party I only knew one person, <guest>. | I wanted to make a good impression. | Within <n:3:20> minutes I <mistake>. | Everything went quiet, you could hear the <cake>. | And then the host did exactly the same, on purpose. | That's how I met my best friend.
J I'm always the life of the party. / Mostly because I bring the *cheese*.
N How many guests did you have? / <n:11:80>. I had chairs for <n:4:10>.
L The recipe for a good party. / {count}First, music that nobody hates. / {count}Second, <cake>. / {count}Third, a door to leave through without saying goodbye.
= moving | moving house | apartments | living in a new place
$room the attic | the basement | the balcony | the hallway | the bathroom | a tiny kitchen
$flaw the heating whistles | the floor is crooked | the window looks at a wall | the elevator is slow | the walls are purple
$box books | plates | winter clothes | old letters | tools | photographs | toys
Q Have you settled in?
+ Yes, finally! Even <room> looks like home now.
- Not at all. I live between <n:20:60> boxes, and I can't find my socks.
0 Half and half. <flaw>, but I got used to it.
Q Why did you move?
0 The rent went up to <price>, and <flaw>.
+ For love! It sounds silly, but it's *true*.
? {shrug}I don't know, I wanted to see a different street.
C It's better to own a place than to rent.
a I think so, too. You can paint the walls any color.
d And when the roof leaks, who pays? {point_self}You do.
C You only need half of what you own.
a So true. I opened one box of <box> and closed it again.
d Half? I still look for things that I threw away in <year>.
S The day we moved it was <n:30:40> degrees and the truck was late. | We had <n:40:90> boxes, most of them <box>. | The stairs were {small}so narrow that the sofa got stuck. | We couldn't go up and we couldn't go down. | So we sat on it, right there, and ate our lunch. | <n:3:9> neighbors climbed over us, and that's how we met them all.
S I found a letter behind the wall of <room>. | It was from <year>, folded {small}very small. | Somebody had written down everything that was wrong with the house. | Number one, <flaw>. | I laughed, because nothing has changed. | I added a line and put it back.
J My new place is so small. / When I turn around, I'm in the *kitchen*.
N How big is the apartment? / <n:2:5> rooms, and <room> that we don't talk about.
L Three things to do on the first day. / {count}First, make the bed. / {count}Second, find the coffee. / {count}Third, throw away the map of boxes, it's wrong anyway.
= fears | fears | being brave | things that scare us
$scare spiders | heights | the dark | deep water | elevators | public speaking | dentists | snakes | thunder
$brave jumped off a rock | gave a speech | climbed a tower | slept in a tent | held a spider | swam across a lake
Q Are you afraid of <scare>?
- *Terribly*. I can't even look at a picture.
+ Not anymore! I <brave> in <month>, and it's gone.
0 Only a little. Everyone is afraid of something.
? I've never met one. {hand_to_chin}Maybe I should be.
Q What's the bravest thing you ever did?
+ I <brave>, and my knees were shaking for <n:2:9> hours.
0 I told my boss the truth. Does that count?
- Nothing, really. I'm a careful person.
C You should do something scary every day.
a Yes, it keeps you awake.
d Every day? I need a quiet <day> now and then.
C Children are braver than adults.
a They are, they don't know yet what can go wrong.
d They also scream when a balloon pops.
S I was afraid of <scare> for <n:10:30> years. | My daughter was <n:4:9>, and she noticed. | She took my hand and said, {point_you}you can hold on to me. | So I <brave>, with my eyes closed. | When I opened them, she was laughing. | She'd been more afraid than me, the whole time.
S They asked me to speak in front of <n:100:900> people. | I practiced for weeks, in the shower, in the car, everywhere. | Then I walk out, the light is {big}*enormous*, and my mind is empty. | I said, hello, I'm very scared. | Somebody in the first row said, {point_self}me too. | After that it was easy.
J I conquered my fear of <scare>. / Now only *they* are afraid of {point_self}me.
N On a scale up to ten, how scared were you? / <n:11:20>. I'm not good with scales.
L How to get over <scare>. / {count}First, admit it. / {count}Second, take a {small}tiny step. / {count}Third, reward yourself with cake.
= hobbies | hobbies | collecting things | free time
$craft painting | knitting | pottery | photography | chess | bird watching | fishing | puzzles | origami | baking
$collect stamps | spoons | shells | postcards | coins | teapots | maps | buttons | vinyl records
$result a scarf | a crooked bowl | a photo of my thumb | one fish | a very nice box | a swan with three wings
Q Do you have a hobby?
+ Yes, <craft>! I started in <year> and I can't *stop*.
0 I collect <collect>. Don't laugh, I have <n:100:900> of them.
- I have <n:2:4> kids. What is a hobby?
Q How's the <craft> going?
+ Really well! I finally made <result>.
- I gave up. After <n:3:9> months all I had was <result>.
? {shrug}Ask my teacher. She only sighs.
C Everybody should try <craft> once.
a I agree, it calms you down more than anything.
d It made me so angry that I threw <result> out of the window.
C Collecting <collect> is a waste of space.
a A little. You can't eat them, can you?
d Each of them has a story. Do you want to hear the first one?
S I joined a class for <craft>, because I wanted to meet people. | There were <n:6:14> of us, all strangers. | The teacher spoke so softly that you had to lean forward. | After the first evening I had made <result>. | I was embarrassed, but the woman beside me had made the same. | We have been married since <year>.
S My uncle collected <collect>, {big}*thousands* of them. | When he died, nobody wanted them. | I took one box home, just to be polite. | On a rainy <day> I opened it and found a note. | It said, to whoever is curious enough to look. | Now I collect <collect>, too.
J I'm learning <craft> from a video. / So far I've learned to press *pause*.
N How much time do you spend on <craft>? / <n:2:15> hours a week, more in the winter.
L How do I begin with <craft>? / {count}First, borrow everything. / {count}Second, fail happily. / {count}Third, show it to your mother.
= city life | city life | streets and traffic | living in the city
$corner the bakery | the bridge | the fountain | the station | the library | the bus stop | the square | the tunnel
$traffic a parade | a broken truck | an angry goose | road work | a marathon | a lost tourist
$ride my bicycle | the subway | a scooter | the night bus | my own two feet
Q How did you get here?
0 With <ride>, past <corner>. It took me <n:10:70> minutes.
- Slowly. There was <traffic> at <corner>, and everything stood still.
+ It was a *dream*. Green lights all the way from <corner>.
Q Could you live in the country?
- Never. I need the noise, I need <corner>.
+ *Tomorrow*, if I could take my friends.
? {hand_to_chin}Maybe for a summer. Ask me again in <month>.
C Cars don't belong in the city.
a They don't. With <ride> you're faster anyway.
d And who carries your refrigerator? Not <ride>.
C Nobody talks to strangers anymore.
a True, everybody looks at a screen.
d Go to <corner> at <clock>, they won't let you leave.
S I was waiting at <corner>, as always. | Along comes <traffic>, and the whole street stops. | People got out of their cars, they were angry at first. | Then a boy took out a trumpet and played. | After <n:5:20> minutes strangers were dancing between the cars. | I was *two hours* late, and I told everybody why.
S There's a man at <corner> who feeds the pigeons. | He's there every day at <clock>, in any weather. | I asked him why he does it. | He pointed to a {small}tiny one with a white wing. | He said, {point_away}that one over there waits for me. | I think about that a lot.
J I found a parking spot right in front of my house. / Now I don't dare to *drive* anymore.
N How far is it from <corner> to your door? / <n:100:900> steps, I counted.
L What I tell visitors. / {count}First, see <corner> early in the morning. / {count}Second, never ask a taxi driver about politics. / {count}Third, get lost on purpose.
"""
