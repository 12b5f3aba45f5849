"""What podcasts talk about out in the world: travel, work, music, films, sport, machines, weather, learning, health."""

# ruff: noqa: E501 - an entry of the notation is one line, however long the story

TEXT = """
= travel | travel | trips | getting around
$city Paris | London | Chicago | Rome | Boston | Berlin | Tokyo | Madrid | Denver | Vienna | Seattle | Lisbon | Dublin | Cairo | Sydney
$vehicle train | bus | plane | boat | bicycle | taxi | car
$lost passport | suitcase | phone | ticket | wallet | jacket | camera | key
$view mountains | bridges | beaches | old streets | churches | markets | rivers | forests
Q Have you ever been to <city>?
+ Yes, in <year>! The <view> are *amazing*.
- No, but I've always wanted to go. Is it far?
0 Only for a day. I saw the airport and <n:2:9> museums.
Q How was the [trip|flight|ride] to <city>?
+ *Perfect*. The <vehicle> was on time and the sun was out.
- *Horrible*. The <vehicle> was <n:2:12> hours late and I lost my <lost>.
? Hmm, ask me again in a week. I'm still tired.
C The <vehicle> is the best way to travel.
a Absolutely. You look out of the window and you just think.
d Not for me. Give me a <vehicle2> any day.
C <city> is overrated.
a A little, yes. Too many people, and <price> for a sandwich.
d How can you say that? The <view>, the food, the light!
S So we arrive in <city> at <clock> at night. | The <vehicle> leaves, and I notice that my <lost> is gone. | I ran after it and I shouted, {stop}stop, stop. | Of course nobody heard me. | Then a little old man comes up to me, {small}this tall, with my <lost> in his hand. | He carried it for <n:2:9> blocks. | I wanted to give him money, and he just waved.
S The best view of my life was near <city>. | We walked for <n:3:9> hours, uphill, in the rain. | Everybody wanted to turn around, {point_self}me too. | And then the clouds opened. | There were <view> as far as you could see, {big}so wide. | Nobody said a word for <n:2:10> minutes.
J I asked for a quiet room in <city>. / They gave me the *elevator*.
J My <lost> has seen more of the world than I have. / It's in <city> right now, without *me*.
N How long is the <vehicle> to <city>? / <n:2:14> hours, [if you're lucky|with one stop].
N What did the hotel cost? / <price> a night, [with breakfast|without a window].
L What do you always pack? / {count}First, a good book. / {count}Second, warm socks. / {count}Third, a copy of my <lost>, because I lose it every time.
= work | work | jobs | the office
$job teacher | nurse | driver | baker | lawyer | carpenter | waiter | designer | doctor | reporter | farmer | pilot
$task the report | the meeting | the phone call | the budget | the new website | the big sale | the interview
$mate Tom | Sarah | my boss | the new guy | Linda | Peter | the whole team | Karen | David
Q How was work [today|this week|on <day>]?
+ [Great|Really good]. We finished <task>, {count}*two* days early.
- Don't ask. <mate> forgot <task>, and guess who had to fix it.
0 Quiet. <n:2:8> meetings, <n:20:90> emails, the usual.
Q Did you always want to be a <job>?
+ Yes, since I was <n:4:12>. I never wanted anything *else*.
- No! I wanted to be a <job2>. Life had other plans.
? I don't know. I still don't know what I want to be.
C We should all work four days a week.
a Yes! I get nothing done on <day> anyway.
d And who would do <task>? <mate>? I doubt it.
C Most meetings could be an email.
a *All* of them. I sat in one for <n:2:5> hours and said one word.
d I disagree. You need to look people in the eye.
S On my first day as a <job> I was so nervous. | I got up at <clock> and put on my best shirt. | I walked in, said hello to everybody, sat down and started to work. | After <n:20:55> minutes <mate> comes over. | And {point_self}I hear, who are you? | It was the wrong office. | The right one was {point_away}across the street.
S We had to finish <task> by <day>. | <mate> was sick, the printer was broken and it was <clock>. | I thought, that's it, we are done. | And then everybody stayed, nobody asked for anything. | Somebody ordered food for <price>. | We worked {hands_together}together until <clock2>, and we made it.
J My boss told me to have a good day. / So I went *home*.
J <mate> has worked here for <n:10:30> years. / Nobody knows what <mate> *does*.
N How many people work there? / <n:12:95>, [and one coffee machine|and I know all of them].
N When does <task> start? / At <clock>, [which means half an hour later|sharp].
L How do you survive <task>? / {count}First, a very large coffee. / {count}Second, nod at the right moment. / {count}Third, sit near the door.
= music | music | songs | concerts
$instrument guitar | piano | violin | drums | trumpet | flute | cello
$style jazz | folk music | old rock songs | classical music | country | movie music | the blues
$feel happy | calm | strong | young again | sad in a good way | ready for anything
Q Do you play the <instrument>?
+ I do! Badly, but every day for <n:10:60> minutes.
- No. I tried it for <n:2:9> weeks and the neighbors complained.
0 I used to, until <year>.
Q What kind of music do you listen to?
+ Mostly <style>. It makes me feel <feel>.
0 A bit of everything, <style>, <style2>, whatever fits.
? {hand_to_chin}Hmm, good question. In the car, <style>. At home, nothing.
C <style> is dying out.
a It is, and it's a shame.
d *No*, go to a small club on <day>. The place is full.
C Everybody can learn to sing.
a Yes, it's just practice and a little courage.
d You have never heard {point_self}*me* sing.
S I went to a concert in <month>, with <n:20:90> people in the room. | The <instrument> was so {small}quiet that you had to hold your breath. | Then, in the last song, all of them came in at once. | It was like a {big}*huge* wave. | I looked around and everyone was smiling. | I felt <feel> for days.
S My teacher for the <instrument> was very strict. | She was {small}this tall, and everybody was afraid of her. | After <n:2:6> years she smiled, exactly once. | I had played a wrong note, and it was better than the right one. | She said, {stop}stop, play that again. | I've never forgotten it.
J I play the <instrument> for my plants. / They're growing *away* from me.
N How long have you played the <instrument>? / <n:2:30> years. You can't hear it.
L What makes a good song? / {count}First, something you can hum. / {count}Second, a story. / {count}Third, the courage to stop early.
= films | films | movies | television
$genre comedy | thriller | western | love story | horror film | documentary | cartoon
$actor the detective | the old king | the little girl | the robot | the best friend | the villain
$end everybody dances | it was all a dream | the dog comes back | nobody wins | they get married | the lights go out
Q Did you see the new <genre>?
+ Yes, twice! <actor> is *fantastic*.
- I left after <n:20:60> minutes. It was so *boring*.
? Which one? There are <n:2:9> of them.
Q How does it end? You can tell me.
+ Well, <end>, and I cried like a baby.
- *No*, I won't tell you. You have to see it.
0 <end>, more or less.
C Old films are better than new ones.
a They are. They had time, they trusted you.
d You only remember the good ones. Most of them were awful.
C A <genre> should never be longer than <n:80:99> minutes.
a *Exactly*, get in, tell the story, get out.
d Why? If it's good, I can sit there all day.
S There is this one scene that I can't forget. | <actor> walks into an empty room. | There's a {small}tiny box on a {big}very long table. | For two minutes *nothing* happens. | You could hear the whole theater breathe. | And then, well, <end>.
S My first film in a theater was a <genre>. | I was <n:4:9>, way too young for it. | My brother told me it was for children. | When <actor> came around the corner, I screamed. | I ran out, {point_away}all the way to the parking lot. | It took me until <year> to see how it ends.
J I watched a <genre> with my father. / He asked <n:20:60> questions, and then he *slept*.
N How much is a ticket now? / <price>! I remember when it was <price2>.
L A perfect evening. / {count}First, a good <genre>. / {count}Second, far too much popcorn. / {count}Third, phones off.
= sport | sports | running | exercise
$sport soccer | tennis | basketball | swimming | boxing | golf | running | skiing | baseball
$hurt knee | shoulder | back | ankle | toe | elbow
$team the red team | our school | the old men's team | the champions | my cousin's club
Q Do you still [play|do] <sport>?
+ Every <day>! I feel <n:2:10> years younger.
- No, my <hurt> said no. My doctor, too.
0 Sometimes. Mostly I watch.
Q Did you watch the game on <day>?
+ Of *course*! <n:2:5> to one, in the last minute!
- Please don't. <team> lost again.
? No, who won? {stop}Wait, don't tell me.
C <sport> is the hardest sport there is.
a It is. Your <hurt> will tell you the next morning.
d Harder than <sport2>? I don't *think* so.
C Winning isn't important.
a Right, you play for the people you play with.
d Then why do you shout so much?
S It was the last game of the year against <team>. | We were down by <n:2:9> points, with <n:2:9> minutes to go. | Our best player had hurt his <hurt>. | So the coach looks down the bench, and there is only {point_self}me. | I closed my eyes and I *ran*. | I have no idea how, but the ball went in. | The noise was {big}*unbelievable*.
S I signed up for a long run in <month>. | <n:10:26> miles, I had no idea what that means. | The first half was lovely. | Then a man dressed as a banana passed me. | Then his grandmother passed me. | I finished, at <clock>, and the only one waiting was my mother.
J I bought new shoes for running. / They're great. I wear them on the *couch*.
N How far do you run? / <n:2:15> miles, on a good day. On a bad day, to the fridge.
L How do I start with <sport>? / {count}First, slowly. / {count}Second, with a friend. / {count}Third, don't buy anything for a month.
= machines | computers | phones | new technology
$device phone | laptop | printer | robot vacuum | smart watch | speaker | fridge | car | doorbell | camera
$bug froze | talked to itself | ordered pizza | turned off | called my boss | played music at night | lost everything
$use the weather | maps | photos | the news | recipes | my calendar
Q Is your <device> new?
+ Yes, I got it on <day>. It does *everything*.
- No, it's from <year> and it just <bug>.
0 New for me. It was my sister's.
Q What do you use your <device> for?
0 Mostly <use> and <use2>.
+ Everything! <use>, <use2>, I couldn't live without it.
- To be honest? To keep the door open.
C We spend too much time with our phones.
a Yes. I counted <n:3:9> hours on <day>, just looking at <use>.
d It's not the phone. It's what we do with it.
C Machines will do all the work one day.
a Probably, and I'm not sure what we will do then.
d My <device> can't even find the internet.
S Let me tell you about my <device>. | One night, at <clock>, it <bug>. | I pulled the plug and went back to bed. | At <clock2> it <bug2>, *without* power. | I swear, I'm not making this up. | So now it lives in the garage, {point_away}far away from me.
S I wanted to teach my grandmother how to use a <device>. | I talked for <n:20:60> minutes, very slowly. | She nodded and smiled, and I thought, this is going well. | Then she takes it, types for {small}*two* seconds, and shows me a picture of me sleeping. | She'd had one since <year>. | She just likes it when I visit.
J My <device> is very smart. / It told me to turn around and go back to *bed*.
N How old is that <device>? / <n:3:20> years. It was there before the house.
N What did you pay for the <device>? / <price>. For that money it should make coffee, too.
L My rules for a new <device>. / {count}First, read nothing. / {count}Second, press every button. / {count}Third, call my niece.
= weather | the weather | storms | seasons
$sky rain | snow | wind | fog | sunshine | thunder | ice
$wear an umbrella | a warm coat | sandals | gloves | a big hat | rubber boots
$region the coast | the mountains | the city | the desert | the lake | the north
Q Is it cold where you are?
+ No, it's lovely! Sunshine since <day>.
- *Freezing*. <n:5:25> degrees, and my heating is broken.
0 It's all right, a bit of <sky>, nothing bad.
Q Do you like <sky>?
+ I love it. You stay in, you make tea, you read.
- I hate it. It gets into everything.
? I don't know. From the window, yes.
C It's getting warmer every year.
a It is. In <year> we still had snow in <month>.
d It feels the same to me, just more <sky>.
C There's no bad weather, only the wrong clothes.
a Right, with <wear> you can go anywhere.
d Tell that to the <sky> we had on <day>.
S We were out at <region>, <n:3:12> of us, with a picnic. | The sky was blue, not a single cloud. | My uncle says, I can smell <sky>. | Everybody laughed. | <n:5:20> minutes later we were sitting under one {small}small table. | The cake was gone, the blanket was gone, and my uncle was so *happy*.
S The biggest storm I've seen was in <year>. | The clouds were {big}*this wide*, black and green. | I stood at the window, which you should never do. | A chair flew by, then a second chair, then the table. | It was like somebody was moving out. | The next day everything was back, only one house to the {point_away}left.
J The man on the radio said to expect <sky>. / I expected it. It never even *called*.
N How much <sky> did you get? / <n:2:20> inches, in one night.
L What do you take to <region>? / {count}First, <wear>. / {count}Second, <wear2>. / {count}Third, a friend with a car.
= learning | school | books | learning languages
$subject history | math | biology | art | music | chemistry | grammar | geography
$language Spanish | French | Italian | Japanese | German | Arabic | Portuguese
$book novel | cookbook | diary | mystery | poem | biography
Q What was your favorite subject at school?
+ <subject>! I had a teacher who *loved* it.
0 Probably <subject>. I was good at it, and I was lazy.
- None. I looked out of the window for <n:8:12> years.
Q Do you speak <language>?
+ I do, my wife is from there.
- Only <n:3:9> words, and I can't say them here.
0 A little. I can order food and say sorry.
C You can learn anything at any age.
a You can. My neighbor started <language> at <n:60:90>.
d Maybe, but it takes me {count}*three* times as long now.
C Nobody reads a whole <book> anymore.
a Sadly that's true. I have <n:10:50> of them, half finished.
d I do! I read one every <n:2:6> weeks.
S My teacher in <subject> had one rule. | You could ask anything, but never say, I can't. | One day I had worked on one problem for <n:2:5> hours. | I said it, in front of everybody, I *can't* do this. | He sat down next to me and said, you can't do it *yet*. | One {small}little word, and I still hear it.
S I tried to learn <language> with a <book>. | The first sentence was, the <n:3:9> ducks are very important. | So I went to the country and I waited for my moment. | {hand_to_chin}I thought about those ducks for days. | And then, in a park, there they were. | I said it *perfectly*, and an old woman hugged me.
J I bought a <book> about memory. / I just can't remember *where* I put it.
N How many pages does it have? / <n:120:900>. I'm on page <n:3:40>.
N When did you finish school? / In <year>, and I still dream about the tests.
L How do you learn <language>? / {count}First, listen a lot. / {count}Second, make mistakes. / {count}Third, find somebody who laughs with you, not at you.
= health | health | doctors | getting older
$pain my back | my knee | my neck | my tooth | my left foot | my stomach
$cure hot tea | a long walk | sleep | cold water | laughing | stretching | doing nothing
$advice eat more vegetables | sit up straight | drink more water | work less | stop worrying | breathe slowly
Q How are you feeling [today|these days]?
+ [Great|Very well], thank you! <cure> really helps.
- Not so great. <pain> hurts since <day>.
0 I can't complain. Well, I can, but nobody listens.
Q What did the doctor say?
+ That I have the heart of somebody who is <n:20:35>!
- That I should <advice>. *Again*.
? I don't know, he spoke so fast.
C <cure> is the best medicine.
a It is, and it's free.
d Tell that to <pain>.
C Getting older is wonderful.
a In a way, yes. You stop caring what people think.
d Is it? This morning I hurt <pain> by *sneezing*.
S I went to the doctor because of <pain>. | I waited for <n:40:95> minutes, with one magazine from <year>. | He looks at me and says, you should <advice>. | That's all, and I paid <price>. | So I go home, I tell my mother. | She says, I've told you to <advice> since you were <n:4:12>.
S In <month> I decided to <advice>, every day. | Day one was easy. | On day two I forgot. | On day three I remembered day two, and I felt bad. | Now I have a big piece of paper on the door, {big}this big. | It says, <advice>, and I walk past it every morning.
J My doctor says I should do more with my body. / So now I take it to *lunch*.
N How many steps do you do? / <n:3:12> thousand, [most of them to the kitchen|on a good day].
L My three rules. / {count}First, <advice>. / {count}Second, <cure>. / {count}Third, see a doctor who smiles.
"""
