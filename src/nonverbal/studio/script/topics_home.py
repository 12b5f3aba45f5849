"""What podcasts talk about at home: food, gardens, pets, sleep, money, family, houses; see `topics` for the notation."""

# ruff: noqa: E501 - an entry of the notation is one line, however long the story

TEXT = """
= food | what we eat | cooking | food
$dish tomato soup | fried rice | chicken curry | apple pie | pancakes | lasagna | fish tacos | onion soup | potato salad | chocolate cake | roast chicken | noodle soup | a cheese omelet | lemon cake | beef stew | garlic bread
$place the kitchen | my mother's house | a tiny restaurant | the market | a food truck | my friend's place | an old diner
$thing salt | butter | pepper | lemon | garlic | sugar | cream | olive oil | cheese | ginger
$taste sweet | salty | sour | bitter | spicy | rich | fresh | warm
$who my mother | my brother | my neighbor | my grandmother | an old friend | my boss | the chef
Q What did you [eat|have] for [dinner|lunch|breakfast] [yesterday|today|last night]?
+ I had <dish>, and it was [absolutely|really|surprisingly] *wonderful*.
0 Just <dish>, [nothing special|same as always|with a little <thing>].
- I had <dish>, and honestly it was *terrible*. Way too much <thing>.
Q Have you ever made <dish> [yourself|from scratch|for guests]?
+ Yes, [many times|just last week]! The trick is [more|a bit of] <thing> at the *end*.
- No, *never*. I would burn [the kitchen down|everything].
? Hmm, let me think. I [might have|believe I did], in <place>, years ago.
Q Do you put <thing> on <dish>?
+ *Always*. Without <thing> it tastes like [paper|nothing|water].
- *No*, please. <thing> on <dish>? Who does that?
C I think <dish> is the best [food|meal|dish] in the world.
a [Yes|Oh yes|True], nothing beats <dish>, especially in <place>.
d [No|Come on], <dish> is far too <taste>. I would take <dish2> any day.
C [Nobody|No one] needs a recipe for <dish>.
a Right, you just taste and add <thing> until it works.
d I need one! Last time I forgot the <thing> and we ordered pizza.
C People should cook [more|together] at home.
a I agree, it's cheaper and it brings everyone {hands_together}together.
d Easy for you to say. I get home at <clock> and I am tired.
S So last [week|summer|winter] I tried to make <dish> for <who>. | I bought everything at the market, which was already <price>. | I read the recipe [two|three|four] times. | Then I put in the <thing>, but I used a {big}*huge* spoon instead of a {small}tiny one. | You should have seen the face of <who>. | In the end we laughed and had <dish2> instead.
S My favorite memory is <place> when I was <n:5:14> years old. | <who> always made <dish> on Sundays. | The whole street could smell the <thing>. | We were <n:6:15> people around a {small}little table. | Nobody spoke until the plates were empty. | I still try to make it like that, and it never tastes the same.
J <who> asked me to watch the <dish> for a minute. / So I watched it *burn*. It was a very good show.
J I have a new diet where I only eat what I can cook. / I've lost <n:5:15> pounds, and most of my friends.
N How much do you spend on [food|coffee|lunch] [every week|in a week|each month]? / [About|Roughly|Maybe] <price>, [sometimes more|if I'm careful|which is too much].
N How long does <dish> take? / <n:20:90> minutes, [plus <n:10:30> for the cleaning|if nothing goes wrong].
L What makes good <dish>? / {count}First, fresh <thing>. / {count}Second, a hot pan and a little patience. / And {count}third, somebody to share it with.
= garden | gardens | growing things | my garden
$plant tomatoes | roses | beans | carrots | sunflowers | herbs | apples | peppers | pumpkins | strawberries | potatoes
$animal rabbit | snail | deer | bird | mouse | squirrel | cat | worm
$tool shovel | hose | bucket | basket | rake | ladder
$season spring | summer | fall | winter
Q How are your <plant> [doing|coming along] this <season>?
+ They're [doing great|growing like crazy]! Some of them are {big}*this big* already.
- Not good. A <animal> ate [nearly|almost] *all* of them.
? I don't know, I haven't looked since <day>.
Q Did you plant the <plant> yourself?
+ Yes, every single one, with my own [hands|<tool>].
0 Half of them. My neighbor did the rest.
- No, they were already there when I [moved in|bought the house].
C Growing <plant> is easy.
a It is, you just need sun, water and a little luck.
d Easy? Mine are {small}*tiny* every year, no matter what I do.
C A garden is too much work.
a Yes, I counted, it was <n:5:20> hours in one week.
d I don't see it as work. It's my quiet time, away from the phone.
S Last <season> I found a <animal> in the middle of my <plant>. | It looked at me as if I was the guest. | I ran for the <tool>, but it was gone. | The next morning there were {count}*two* of them. | So I built a fence for <price>. | Now they just sit on the fence and wait.
S I started with one pot of <plant> on the balcony. | After a month it was {small}this small. | My neighbor told me to talk to it, so I did. | I told it about my day, about work, about everything. | By <month> it was {big}*enormous*. | I'm not saying it was the talking, but I'm not stopping now.
J The <animal> in my garden is so lazy. / It waits until I *bring* the <plant> inside.
N How many <plant> did you get? / <n:11:60>, [and I gave half of them away|more than last year].
N When do you water them? / At <clock>, before the sun is [up|high].
L People ask me how to grow <plant>. / {count}First, good soil. / {count}Second, a lot of water. / {count}Third, keep the <animal> away.
= pets | pets | cats and dogs | animals at home
$pet dog | cat | parrot | rabbit | hamster | turtle | puppy | kitten | horse | goldfish
$name Max | Bella | Charlie | Lucy | Oscar | Daisy | Rocky | Molly | Felix | Ruby
$object shoe | couch | pillow | sandwich | phone | blanket | carpet | hat | sock | remote
$spot the kitchen | the bathroom | the garden | the bedroom | the car | the roof
Q Do you have a <pet>?
+ Yes, [her|his] name is <name>, and [she|he] runs the whole house.
- No, my landlord doesn't allow it. Not even a {small}little one.
0 I used to. Now it's only me and the plants.
Q What did <name> do this time?
+ [She|He] learned to open the door of <spot>. I was so *proud*.
- [She|He] ate my <object>. The *whole* <object>.
? I'm not sure, but my <object> is gone and <name> looks very happy.
C A <pet> is better than a <pet2>.
a Of course. A <pet> actually listens to you.
d No way. Have you ever lived with a <pet2>? They are so *clever*.
C Pets understand every word we say.
a They do! <name> knows exactly what dinner means.
d They understand tone and food, that's all.
S So I come home on <day>, and the house is very quiet. | That's never a good sign with <name>. | I look in <spot>, nothing. | I look under the bed, and there are two {small}tiny eyes. | Next to them was my <object>, or what was left of it. | I wanted to be angry, but then came the sad face. | I *can't* be angry at that face.
S We got <name> <n:2:12> years ago from a shelter. | There were <n:15:40> animals in that room, all of them loud. | <name> was the only one who didn't make a sound. | [She|He] just walked over and sat on my foot. | That was it, we went home {hands_together}together.
J My <pet> and I go to the gym every <day>. / One of us runs, and the other one eats my <object>.
J I told my <pet> we need to save money. / Now [she|he] sleeps on <spot> instead of the new bed.
N How old is <name>? / <n:2:15>. That's about <n:30:90> for a person.
N How much does the food cost? / <price> a month. [She|He] eats better than I do.
L Three rules for a new <pet>. / {count}First, hide every <object>. / {count}Second, never show where the food is. / {count}Third, accept that you lost.
= sleep | sleep | mornings | getting up early
$noise the train | the neighbors | my phone | a barking dog | the wind | the radio | rain on the window
$drink coffee | green tea | hot milk | water | hot chocolate | orange juice
$dream I could fly | I missed the bus | I forgot my shoes | my teeth were gone | I was back in school | I met the president
Q Did you sleep well?
+ Like a stone. <n:8:11> hours, no dreams, *nothing*.
- *No*. <noise> woke me up at <clock>.
0 More or less. I dreamed that <dream>.
Q What time do you get up?
0 At <clock>, [every day|except on <day>].
+ At <clock>! I *love* the quiet.
- Don't ask. At <clock>, because of <noise>.
C Getting up early makes you happy.
a It does. At <clock> the whole city belongs to you.
d {stop}Stop. Nothing good has ever happened before <clock>.
C <drink> before bed helps you sleep.
a Yes, my grandmother always said so, and she lived to be <n:88:102>.
d For me it's the opposite. One cup and I'm awake until <clock>.
S I had the strangest dream on <day>. | In the dream <dream>. | Everybody acted like it was normal. | I kept saying, {stop}wait, wait, something is wrong. | And then <noise> woke me up, and I was so *relieved*. | But I looked around, and for a second I wasn't sure.
S I tried to get up at <clock> for a whole month. | The first week was *awful*. | The second week I fell asleep at work, <n:2:5> times. | In the third week something changed. | I had <drink>, I read <n:10:40> pages, and I heard the birds. | Then the month was over and I never did it again.
J I set <n:3:9> alarms every night. / They work very well. All my *neighbors* get up on time.
N How many hours do you need? / <n:6:10>. With less I'm not a nice person.
L What helps you fall asleep? / {count}First, no phone in bed. / {count}Second, an open window. / {count}Third, a really boring book.
= money | money | saving money | prices
$item a used car | a new phone | shoes | a bicycle | a winter coat | a guitar | a lamp | headphones | a camera | a desk | a watch
$store the market | a small shop | the internet | an old man on the corner | a friend of a friend | the airport
Q What is the [best|worst|strangest] thing you ever bought?
+ {hand_to_chin}Hmm, probably <item>. I paid <price> and I still use it.
- <item>, from <store>. It broke after <n:2:9> days.
Q How much was <item>?
0 <price>, and I got it from <store>.
+ Only <price>! Can you *believe* that?
- Far too much. <price>, and then they wanted <price2> for delivery.
? I don't know, I never look at the price.
C You can save money if you really want to.
a True. I put away <price> every month and I don't even notice.
d [No|I disagree], not with the rent we pay. It went up by <n:5:25> percent.
C <item> is worth more than it costs.
a It is, if you use it every day.
d For <price>? You could travel for a week!
S I wanted <item> for a long time. | In <store> it was <price>, which is crazy. | So I waited, and waited, for <n:2:9> months. | One <day> I see it for half of that. | I ran, I *really* ran. | And when I got there, {point_away}over there by the door, a woman was walking out with the last one.
S When I was <n:15:25>, I lived on <price> a week. | I had one plate, one fork and one {small}little chair. | I walked everywhere to save the bus fare. | And you know what, I was happy. | Now I have <n:10:40> forks, and I can never find one.
J I finally found a way to save money. / I left my wallet at your *house*.
N What do you pay for your phone? / <price> a month, [which is too much|and it never works at home].
L How do you save? / {count}First, write everything down. / {count}Second, wait <n:2:10> days before you buy. / {count}Third, never shop hungry.
= family | family | growing up | brothers and sisters
$relative brother | sister | uncle | aunt | cousin | grandfather | grandmother | father | mother | son | daughter
$event the wedding | the birthday party | a funeral | the big dinner | the trip to the lake | the school play
$habit sings in the shower | talks to the radio | hides the cookies | tells the same joke | falls asleep at the table | fixes things that are not broken
Q How is your <relative>?
+ Very well! [She|He] just turned <n:20:80> and [started to dance|bought a motorcycle].
- Not so good, to be honest. We are all a bit worried.
0 Same as ever. Still <habit>.
Q Do you [look|sound] like your <relative>?
+ *Exactly* the same. People stop me on the street.
- Not at all. I got nothing, not even the hair.
? I don't know. People say so, but I can't see it.
C Family always comes first.
a Always. When things get hard, they're the ones who {point_self}call me.
d Not always. Sometimes friends are the better family.
C Every family has somebody who <habit>.
a Ours has {count}*two*.
d Not mine. We are very boring people.
S At <event> my <relative> got up to speak. | You need to know that my <relative> never speaks. | The room was quiet, <n:30:90> people were looking. | And then came the most {big}*beautiful* speech I have ever heard. | It was three sentences long. | My mother cried, I cried, even the waiter cried.
S My <relative> <habit>, every single day. | When I was <n:6:15> I hated it. | My friends came over and I wanted to hide. | Then I moved away, in <year>. | The first night it was so quiet that I couldn't sleep. | I called home at <clock>, just to hear it.
J My <relative> has a great memory. / [She|He] remembers *everything* I did wrong since <year>.
N When did you move out? / In <year>. I was <n:18:30> and I thought I knew everything.
N How many cousins do you have? / <n:5:30>. I know the names of about <n:2:5>.
L What did your <relative> teach you? / {count}First, always say thank you. / {count}Second, never go to bed angry. / {count}Third, and this is important, hide the good chocolate.
"""
