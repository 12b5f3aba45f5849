"""What is said on any topic: greetings, nods, agreement, doubt, thinking aloud, turning to something new, goodbyes.

The notation is that of `grammar`.
"""

SLOTS = {
    "day": "Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday",
    "month": "January | February | April | May | June | July | August | September | October | November | December",
    "host": "Anna | Ben | Carla | Daniel | Emma | Frank | Grace | Henry | Julia | Kevin | Laura | Martin | Nina | "
    "Paul | Rosa | Simon | Tina | Victor",
    "show": "the Morning Talk | the Long Table | Two Chairs | the Kitchen Radio | Coffee and Questions | "
    "the Open Window | Small Talk | Second Thoughts",
}  # fmt: skip

GREETINGS = (
    "{wave}Hello and welcome to <show>. I'm <host>, and with me is my [good|old|dear] friend <host2>.",
    "{wave}Hi everybody, this is <show>. My name is <host>, and I'm here with <host2>.",
    "Good [morning|evening|afternoon], and {wave}welcome back to <show>. <host2>, it's [good|great] to see you.",
    "{wave}Welcome to <show>, everyone. <host2>, how are you [today|this morning|doing]?",
)
GREETINGS_BACK = (
    "{wave}Hello <host>, I'm [doing well|very well|good], thank you.",
    "{wave}Hi <host>, thanks for having me. I'm [really happy|so glad] to be here.",
    "{wave}Hello! I was looking forward to this [all week|since <day>].",
    "Good to see you, too, <host>. It [has been|feels like] a long time.",
)
FAREWELLS = (
    "And that's all for today. {wave}Goodbye, and see you next [week|<day>|time].",
    "We have to stop here. {hands_together}Thank you all for listening, and {wave}goodbye.",
    "Time flies. <host2>, thank you so much, and {wave}goodbye everybody.",
)
FAREWELLS_BACK = (
    "Thank you, <host>. {wave}Goodbye!",
    "It was [fun|a pleasure|great], as always. {wave}Bye!",
    "{wave}Bye everyone, take care.",
)
TOPICS = (
    "[So|All right|Okay], let's talk about <topic>.",
    "There's something I wanted to ask you. It's about <topic>.",
    "I've been thinking about <topic> [a lot|lately|since <day>].",
    "[By the way|You know what], we never talked about <topic>.",
    "[Now|Today], something completely different. <topic>.",
)
TOPICS_BACK = (
    "Oh, [good|nice], I [like|love] talking about that.",
    "[Sure|Of course|Why not]. [Where should we start|You go first|What would you like to know]?",
    "Oh no, [not that again|anything but that|please not <topic>].",
    "I was hoping you would [say|ask] that.",
    "[Funny|Strange], I dreamed about <topic> on <day>.",
    "Good idea. I have a lot to say about <topic>.",
)
BACKCHANNELS = ("mm-hm", "right", "yeah", "I see", "okay", "really", "sure", "yes", "oh wow", "no way", "of course")
FOLLOW_UPS = (
    "[Why|Why is that]?",
    "And [how|what] was that like [for you]?",
    "What happened then?",
    "[What|How] do you mean?",
    "Can you [say more|tell me more] about that?",
    "And [what did you do|how did that feel]?",
    "Was that in <month>?",
)
FOLLOWED_UP = (
    "Well, it [just happened|took me by surprise], and [later|in the end] I [understood why|was glad about it].",
    "It's hard to [explain|describe]. You [really] had to be there.",
    "To be honest, I [never|didn't even] thought about it until <day>.",
    "Let me put it this way. It was [better|worse] than I expected, but [not by much|only a little].",
    "Nothing [special|dramatic], really. I called [a friend|my sister|my neighbor] and we talked until <clock>.",
    "{hand_to_chin}Hmm, I think it was because of [the time|the people|the weather|the money].",
)
AGREEMENTS = (
    "[Exactly|Absolutely|Yes, exactly], I couldn't have said it better.",
    "I [totally|completely] agree with you.",
    "You're [so|absolutely] right about that.",
    "[True|That's true]. I felt the same in <month>.",
    "Yes, that's what I [always say|tell everyone|keep saying].",
    "[My sister|My neighbor|A friend of mine] says [exactly|almost] the same.",
    "I used to think differently, but [now|these days] I'm with you.",
)
DISAGREEMENTS = (
    "I'm not so sure about that.",
    "No, I [have to|must] disagree [with you] there.",
    "[Come on|Oh please], you can't be serious.",
    "That's [not] what I heard at all.",
    "Well, I see it [a bit|very|completely] differently.",
    "[My experience|The truth] is [very different|not that simple].",
    "You said the [opposite|very opposite] in <month>!",
)
DOUBTS = (
    "Hmm, are you sure?",
    "[Wait|Hold on], that can't be right.",
    "I find that [hard|difficult|a little hard] to believe.",
    "[Where|When] did you [read|hear] that?",
    "That sounds too [good|easy|simple] to be true.",
    "Is that a joke?",
)
EXCLAMATIONS = (
    "[Wow|Oh wow], that's [amazing|incredible|wonderful]!",
    "No way! [I can't believe it|You're kidding me]!",
    "Oh my goodness!",
    "That's the best thing I've heard [all day|since <day>]!",
    "Oh, I *love* that!",
    "[Good for you|Congratulations|That's so cool]!",
    "I wish I [could have|had] [been there|seen that]!",
)
PITIES = (
    "Oh no, I'm so sorry to hear that.",
    "Oh dear, that must have been [hard|awful|scary].",
    "Poor you! [Are you all right now|Is it better now]?",
    "That sounds [terrible|exhausting|like a nightmare].",
    "I know [exactly] how that feels. [It happened to me in <year>|It gets better].",
    "[Let me know|Tell me] if I can [help|do anything].",
)
THINKING = (
    "{hand_to_chin}Hmm, let me think.",
    "Well, {hand_to_chin}that's a good question.",
    "Let me [think|see]. It was [in <month>|on <day>|a while ago].",
    "I've never [really] thought about that.",
    "Nobody has [ever] asked me that [before].",
    "Give me a [second|moment]. [Okay|Right], I have it.",
)
UNSURE = (
    "{shrug}I don't know. [Maybe|Perhaps] [yes|not|one day].",
    "{shrug}I have no idea, [to be honest|really].",
    "{shrug}Who knows?",
)
AFTER_JOKES = (
    "Oh, that's [good|terrible|a good one].",
    "You're [so] funny.",
    "{stop}Stop, [my stomach hurts|I can't breathe].",
    "I walked right into that one.",
    "I'll [tell that to|steal that for] my [family|boss|kids].",
)
CUT_INS = (
    "{stop}Wait, wait, [sorry|one second]. [Did you say|Are we still talking about] <topic>?",
    "Sorry, can I {stop}stop you there? I [need to|have to] say something.",
    "{stop}Hold on, [let me|can I] ask you something.",
)
AFTER_CUT_INS = (
    "[Sure|Of course|Yes], go ahead.",
    "Let me finish, [please|it's almost over].",
    "All right, you {point_you}first.",
)
CUT_IN_POINTS = (
    "I only wanted to say that you're [right|wrong], and [that] it happened to me [too], in <year>.",
    "It's nothing. I just [noticed|saw] that we only have <n:3:20> minutes left.",
    "I think we [both] mean the same thing.",
)
STORY_ASKS = (
    "Tell me a story about <topic>.",
    "Do you have a [good|funny|true] story about that?",
    "What's the [strangest|funniest|best] thing that ever happened to you with that?",
    "I feel like there's a [longer|secret|funny] story behind this.",
    "Weren't you going to tell me what happened in <month>?",
    "Everybody has a story about <topic>. What's yours?",
)
STORY_REACTIONS = (
    "What a story!",
    "I can see it [right in front of me|so clearly].",
    "You should [write that down|make a film of that|tell that on stage].",
    "And you [never|still haven't] told me that [before|in all these years]?",
    "I [almost|nearly] forgot to breathe.",
    "And nobody [took a picture|said anything]?",
    "I would have [run away|cried|laughed so hard].",
)
JOKE_STARTS = ("", "[Okay|So], here's one for you.", "I have to tell you this.")
LIST_ASKS = (
    "{palm_up}Any advice?",
    "What would you tell people who are new to this?",
    "How do you do it?",
    "What's your secret?",
)
