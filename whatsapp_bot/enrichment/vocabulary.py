"""The names that the rules know, and the values that any enrichment may have: tables only."""

from __future__ import annotations

from typing import Final

SENIORITIES: Final = ("entry", "mid", "senior", "lead", "executive")
ARRANGEMENTS: Final = ("onsite", "hybrid", "remote")
PERIODS: Final = ("hourly", "daily", "weekly", "monthly", "yearly")

# By the name that is shown. Of soft skills only those that tell jobs apart: nearly every
# posting asks for communication.
SKILLS: Final = """
Excel, Word, PowerPoint, Outlook, Microsoft Office, Google Sheets, Google Workspace, Power BI,
Tableau, Looker, SPSS, Stata, SAS, Data Analysis, Data Entry, Data Visualization, Data Modelling,
Data Science, Data Engineering, Business Intelligence, Business Analysis, Statistics, Machine Learning,
Deep Learning, Artificial Intelligence, NLP, Computer Vision, TensorFlow, PyTorch, Pandas, Spark,
Hadoop, Airflow, dbt, Snowflake, BigQuery, Redshift, Databricks, ETL, Kafka
Python, Java, JavaScript, TypeScript, C#, C++, .NET, PHP, Ruby, Ruby on Rails, Go, Rust, Kotlin,
Swift, Scala, R, MATLAB, Dart, Flutter, React, React Native, Angular, Vue, Next.js, Node.js, Express,
NestJS, Django, Flask, FastAPI, Laravel, Symfony, Spring Boot, WordPress, Shopify, WooCommerce,
HTML, CSS, Tailwind, Bootstrap, jQuery, GraphQL, REST API, Microservices, Web Development,
Mobile Development, Software Development, Software Testing, Test Automation, Selenium, Cypress
SQL, MySQL, PostgreSQL, SQL Server, Oracle, MongoDB, Redis, Elasticsearch, Firebase, SQLite, PL/SQL
AWS, Azure, GCP, Docker, Kubernetes, Terraform, Ansible, Jenkins, CI/CD, DevOps, Git, GitHub, GitLab,
Linux, Windows Server, Active Directory, Networking, CCNA, Cisco, MikroTik, Firewalls, VPN, TCP/IP,
Cybersecurity, Penetration Testing, SIEM, ISO 27001, ITIL, IT Support, Hardware Maintenance,
Computer Repairs, CCTV Installation, VMware, Blockchain, Solidity, Web3
Figma, Adobe XD, Sketch, UI/UX, User Research, Wireframing, Prototyping, Product Design,
Graphic Design, Adobe Photoshop, Adobe Illustrator, InDesign, CorelDRAW, Canva, After Effects,
Premiere Pro, Final Cut Pro, DaVinci Resolve, CapCut, Video Editing, Photography, Videography,
Animation, Motion Graphics, Blender, 3D Modelling, Branding, Typography, Interior Design
AutoCAD, Revit, ArchiCAD, SketchUp, SolidWorks, Civil 3D, ETABS, STAAD Pro, Primavera, MS Project,
ArcGIS, QGIS, Lumion, Structural Design, Quantity Surveying, Bill of Quantities, Site Supervision,
Land Surveying, Building Construction, Project Planning, PLC Programming, SCADA, Instrumentation, HVAC,
Refrigeration, Electrical Installation, Electrical Maintenance, Mechanical Maintenance, Welding,
Fabrication, Plumbing, Carpentry, Tiling, Painting, Masonry, Solar Installation, Generator Maintenance,
Preventive Maintenance, Equipment Maintenance, CNC, Drilling, Process Engineering
Accounting, Bookkeeping, Financial Accounting, Management Accounting, Cost Accounting, Auditing,
Internal Audit, Internal Control, Taxation, VAT, PAYE, Withholding Tax, Payroll, Budgeting,
Forecasting, Financial Reporting, Financial Analysis, Financial Modelling, Bank Reconciliation,
Reconciliation, Accounts Payable, Accounts Receivable, General Ledger, Invoicing, Treasury,
Credit Analysis, Credit Control, Risk Management, Loan Recovery, Debt Recovery, Microfinance,
Investment Analysis, IFRS, GAAP, ICAN, ACCA, CFA, ANAN, CIMA, QuickBooks, Sage, Tally, Xero,
Peachtree, SAP, Odoo, Zoho, Oracle Financials, NetSuite, Microsoft Dynamics, ERP
Sales, Field Sales, Direct Sales, Telesales, Telemarketing, Business Development, Lead Generation,
Cold Calling, Negotiation, Key Account Management, Account Management, Channel Sales, FMCG,
Merchandising, Retail, Route to Market, Distribution, Customer Acquisition, Customer Retention,
Customer Service, Customer Relationship Management, CRM, Salesforce, HubSpot, Zendesk, Freshdesk,
Call Centre, Live Chat, Complaint Resolution, Point of Sale, Cash Handling, Teller Operations
Marketing, Digital Marketing, Social Media Marketing, Social Media Management, Content Creation,
Content Writing, Copywriting, Creative Writing, Technical Writing, Proofreading, Editing, Blogging,
SEO, SEM, Google Ads, Google Analytics, Facebook Ads, Meta Ads, TikTok, Instagram,
Email Marketing, Mailchimp, Influencer Marketing, Affiliate Marketing, Event Planning,
Event Management, Public Relations, Market Research, Brand Management, Campaign Management,
Community Management, Media Buying, Storytelling, Growth Marketing, Product Marketing
Human Resource Management, Recruitment, Talent Acquisition, Onboarding, Employee Relations,
Performance Management, Training and Development, Compensation and Benefits, HRIS, Labour Law, CIPM,
Organizational Development, Succession Planning, Interviewing
Administration, Office Administration, Office Management, Diary Management, Calendar Management,
Travel Arrangements, Minute Taking, Filing, Record Keeping, Typing, Front Desk, Report Writing,
Documentation, Scheduling, Data Management, Transcription, Translation
Project Management, Product Management, Programme Management, Agile, Scrum, Kanban, Jira, Trello,
Asana, Confluence, Notion, PMP, PRINCE2, Stakeholder Management, Change Management,
Process Improvement, Six Sigma, Lean, Operations Management, Strategic Planning, Contract Management,
Vendor Management, Grant Writing, Proposal Writing, Fundraising, Monitoring and Evaluation,
Community Mobilization, Case Management, Needs Assessment
Procurement, Supply Chain Management, Logistics, Inventory Management, Inventory Control,
Stock Control, Stock Taking, Store Keeping, Warehousing, Warehouse Management, Fleet Management,
Import, Export, Customs Clearing, Freight Forwarding, Shipping, Dispatch, Demand Planning, Forklift,
Driving, Defensive Driving, Vehicle Maintenance, Motorcycle Riding, Route Planning
Nursing, Midwifery, Patient Care, Phlebotomy, Pharmacy, Dispensing, Laboratory Analysis, Microbiology,
Radiography, Ultrasound, Physiotherapy, Optometry, Dentistry, First Aid, CPR, BLS, ACLS,
Infection Control, Medical Records, Public Health, Epidemiology, Health Education, HIV/AIDS,
Clinical Trials, Caregiving, Counselling, Psychology, Nutrition, Food Safety
Teaching, Lesson Planning, Curriculum Development, Classroom Management, Early Childhood Education,
Montessori, Phonics, Special Education, Mathematics, Physics, Chemistry, Biology, Economics, French,
Coding, Robotics, Tutoring, Facilitation, Coaching, Sign Language
Cooking, Baking, Pastry, Catering, Continental Dishes, Menu Planning, Food Preparation, Bartending,
Mixology, Barista, Waiting Tables, Housekeeping, Laundry, Cleaning, Room Service, Hotel Management,
Opera PMS, Reservations, Ticketing, Tour Guiding, Amadeus, Galileo
Tailoring, Pattern Drafting, Fashion Design, Sewing, Embroidery, Makeup, Hairdressing, Barbering,
Nail Technology, Massage Therapy, Beauty Therapy
Health and Safety, HSE, NEBOSH, ISO 9001, ISO 14001, ISO 45001, Risk Assessment, Fire Safety, IOSH,
Quality Control, Quality Assurance, HACCP, GMP, Production Planning, Lean Manufacturing,
Machine Operation, Packaging, Mining, Geology, Environmental Impact Assessment
Legal Drafting, Litigation, Legal Research, Company Secretarial, Compliance, AML, KYC,
Corporate Governance, Intellectual Property, Conveyancing, Due Diligence, Contract Drafting
Farm Management, Poultry, Crop Production, Animal Husbandry, Aquaculture, Fish Farming, Agronomy,
Greenhouse, Irrigation, Veterinary, Agribusiness
Real Estate, Property Management, Facility Management, Estate Surveying, Property Valuation,
Insurance, Underwriting, Claims, Actuarial, Security Operations, Surveillance, Access Control,
Yoruba, Hausa, Igbo, Arabic, Mandarin, Spanish, Driver's Licence
"""

# Other spellings, beside those that matching knows.
SKILL_SPELLINGS: Final = """
Driver's Licence: driver's license, drivers licence, drivers license, driving licence, driving license
Excel: advanced excel
Google Sheets: google sheet
Data Visualization: data visualisation
Call Centre: call center
UI/UX: user interface design, user experience design
Machine Learning: scikit-learn
Google Workspace: g suite, google suite
Monitoring and Evaluation: monitoring & evaluation, m&e
Compensation and Benefits: compensation & benefits
Training and Development: training & development, learning and development, learning & development
Health and Safety: health & safety, occupational health and safety
Human Resource Management: human resources management, hr management
Supply Chain Management: supply chain
Point of Sale: pos
Stock Taking: stocktaking
Store Keeping: storekeeping
Bank Reconciliation: bank reconciliations
Financial Modelling: financial modeling
Data Modelling: data modeling
Counselling: counseling
Tailoring: tailor
Social Media Management: social media manager
Generator Maintenance: generator repairs
Test Automation: automated testing
REST API: rest apis, restful api, restful apis
Spring Boot: springboot
Cybersecurity: cyber security, information security
GCP: google cloud
Video Editing: video editor
Firewalls: firewall
"""

# What the work is, by the words of a title (as matching reads titles). The first that
# shares the most words wins. Names as Nigerian boards list them.
FUNCTIONS: Final = """
Accounting and Finance: accountant, accounting, finance, audit, auditor, tax, payroll, bookkeeper, treasury, \
credit, loan, investment, bank, banking, cashier, teller, cfo, underwriter, reconciliation, controller, \
financial analyst, billing, invoice, actuary, accountmanager fund
Administration: admin, receptionist, secretary, personalassistant, virtualassistant, dataentry, office manager, \
clerk, typist, front, registry, document, office, filing
Customer Service: customerservice, support, call, helpdesk, complaint, client
Sales: sales, sale, bizdev, telesales, merchandiser, accountmanager, canvasser, salesforce, retail, relationship, \
commercial, account, promoter, vendor, van
Marketing and Communications: marketing, marketer, socialmedia, brand, content, seo, communication, publicity, \
campaign, influencer, media, journalist, copywriter, advertising, growth, community manager, public relation, \
writer, editor, reporter, presenter, digital
Software and Data: developer, software, backend, frontend, fullstack, web, mobile, python, java, devops, cloud, \
data, ml, ai, cybersecurity, database, tester, blockchain, programm, analytics, sre, php, flutter, react
IT Support and Networks: itsupport, it, network, system, computer, telecom, hardware
Engineering: engineer, mechanical, electrical, civil, structural, maintenance, instrumentation, process, drilling, \
automation, mechatronic, chemical, petroleum, hvac, technician, production, plant, machine, operator
Building and Architecture: architect, architectural, quantity, surveyor, construction, site, builder, interior, \
draughtsman, draughtswoman, foreman
Trades: electrician, plumber, welder, carpenter, mason, painter, tiler, fabricator, mechanic, tailor, barber, \
hairstylist, makeup, cobbler, installer, factory, fashion, nail, stylist, beautician, solar, upholsterer, labourer
Driving and Transport: driver, rider, fleet, transport, haulage, pilot, motorcycle, truck, bus
Supply Chain and Procurement: procurement, logistic, warehouse, storekeeper, store, inventory, supplychain, \
shipping, export, import, purchas, freight, custom, dispatcher, stock, supply
Human Resources: hr, recruiter, talent, people, learning, training, compensation
Health Care: nurse, doctor, pharmacist, pharmacy, medical, laboratory, lab, midwife, dentist, physiotherapist, \
radiographer, optometrist, health, clinical, caregiver, hospital, dental, therapist, dietitian, nutritionist, \
scientist medical, surgeon, veterinary, psychologist
Teaching and Research: teacher, lecturer, tutor, headteacher, school, research, researcher, mathematics, physics, \
chemistry, biology, nanny, instructor, english, curriculum, academic, librarian, education, montessori, french
Hospitality and Catering: cook, waiter, barista, bartender, hotel, housekeeper, baker, pastry, kitchen, restaurant, \
chef, catering, food, bar, steward, barman, concierge, lounge, hostess, room, beverage, hospitality, sous
Cleaning and Security: janitor, security, guard, laundry, gardener, washman, domestic, bouncer, househelp, \
bodyguard, porter, houseboy, housegirl
Legal: lawyer, legal, paralegal, compliance, litigation, company secretary, counsel
Design and Media: designer, graphic, videoeditor, photographer, videographer, animator, illustrator, motion, \
creative, ui, ux, video, film, product designer, art, artist, cinematographer
Project and Product Management: project, product, program, programme, scrum, monitor, evaluation, agile, pmo
Management and Strategy: general manager, ceo, coo, operation, business, strategy, branch, managing, country, \
regional, founder, strategic, executive director, analyst business
Quality, Health and Safety: hse, quality, safety, environment, inspector, environmental
Agriculture: farm, farmer, agronomist, poultry, agricultural, agriculture, agric, fishery, animal, crop, livestock
Real Estate: realtor, estate, property, facility, real
Community and Social Services: social, community, humanitarian, protection, case, volunteer, gender, livelihood, \
counsellor, nutrition, wash, field
"""

# By words of the posting; those before "|" also count in an employer's name.
INDUSTRIES: Final = """
Financial services: bank, microfinance, fintech, finance, capital, investment, insurance, pension, mortgage, \
bureau, securities, cooperative | financial institution, financial services, lending, loans
Health care: hospital, clinic, medical, pharmacy, pharmaceutical, pharmaceuticals, healthcare, diagnostic, \
diagnostics, dental, health | patients, medical centre
Education: school, schools, college, university, academy, montessori, polytechnic, education | students, pupils
Oil, gas and energy: oil, gas, petroleum, energy, power, solar, drilling, lpg, electricity | upstream, downstream, renewable energy, filling station
Construction and real estate: construction, properties, property, homes, realty, real estate, estate, builders, \
architects, housing, realtors | building projects, construction site
Manufacturing: manufacturing, industries, factory, mills, plastics, cement, packaging, bottling, breweries, \
steel, paints | production line, fmcg, consumer goods
Food and hospitality: hotel, hotels, restaurant, kitchen, suites, lounge, catering, bakery, foods, resort, cafe, \
confectionery, apartments, eatery, grill, bar | guests, menu, hospitality industry
Retail and wholesale: supermarket, store, stores, mall, boutique, fashion, mart, retail, cosmetics, wholesale | \
e-commerce, ecommerce, shoppers
Logistics and transport: logistics, haulage, transport, shipping, courier, freight, aviation, airline, airlines, \
maritime, delivery, motors, automobile, autos | fleet, supply chain company
Technology: technologies, technology, software, tech, digital, systems, data, ict, computers, solutions hub, \
telecom, telecoms, telecommunications | saas, startup, software company, it company
Agriculture: agro, farms, farm, agriculture, agric, feeds, livestock, poultry, fisheries | farmers, crops
Media and marketing: media, advertising, studio, studios, entertainment, films, productions, radio, tv, \
communications, publishing, events | campaigns, creative agency, content creators
Non-profit: foundation, ngo, initiative, mission, rescue, humanitarian, church, ministry, charity | \
non-profit, non-governmental, donor, beneficiaries
Professional services: consulting, consultants, consultancy, associates, chambers, legal, law, solicitors, \
audit, hr, recruitment, outsourcing, staffing, advisory | consulting firm, law firm
Security: security, guards, protection | security company
Public sector: federal, agency, commission, council, authority, department, embassy | government, civil service
"""
